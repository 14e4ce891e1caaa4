// Draws the sales of each day. The numbers come from the table below the chart, whose newest day is first.
for (const place of document.querySelectorAll("[data-chart]")) {
  const table = document.getElementById(place.dataset.chart);
  const rows = [...table.querySelectorAll("[data-day]")].reverse();
  const currency = table.dataset.currency;
  const money = new Intl.NumberFormat("en-US", { style: "currency", currency, maximumFractionDigits: 0 });
  const read = (name) => rows.map((row) => Number(row.dataset[name]));
  // A day is drawn at its noon in UTC, so that no browser's time zone moves it.
  const data = [rows.map((row) => Date.parse(row.dataset.day + "T12:00:00Z") / 1000), read("revenue"), read("refunds"), read("orders")];
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  let plot = null;
  const draw = () => {
    plot?.destroy();
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const bars = uPlot.paths.bars({ size: [0.7, 28], radius: 0.15 });
    const narrow = place.clientWidth < 480;
    plot = new uPlot({
      width: place.clientWidth,
      height: 240,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { drag: { x: false, y: false } },
      legend: { live: !narrow },
      // A bar is as wide as most of its day: half a day more at both ends shows the first and the last one whole.
      scales: { x: { range: (_, low, high) => [low - 43200, high + 43200] }, money: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high) * 1.08] }, orders: { range: (_, low, high) => [0, Math.max(4, high) * 1.3] } },
      axes: [
        { ...axis, space: 60, incrs: [1, 2, 3, 7, 14, 30, 61, 122].map((days) => days * 86400), values: (_, ticks) => ticks.map((at) => new Date(at * 1000).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone: "UTC" })) },
        { ...axis, scale: "money", size: 64, values: (_, ticks) => ticks.map((each) => money.format(each)) },
        { ...axis, scale: "orders", side: 1, size: 36, show: !narrow, grid: { show: false }, values: (_, ticks) => ticks.map((each) => (Number.isInteger(each) ? each : "")) },
      ],
      series: [
        { label: "Day", value: (_, at) => (at ? new Date(at * 1000).toLocaleDateString("en-US", { dateStyle: "medium", timeZone: "UTC" }) : "–") },
        { label: "Revenue", scale: "money", paths: bars, fill: color("--mark"), stroke: color("--mark"), points: { show: false }, value: (_, each) => (each === null || each === undefined ? "–" : money.format(each)) },
        { label: "Refunds", scale: "money", paths: bars, fill: color("--bad"), stroke: color("--bad"), points: { show: false }, value: (_, each) => (each === null || each === undefined ? "–" : money.format(each)) },
        { label: "Orders", scale: "orders", stroke: color("--ink"), width: 2, points: { show: false }, value: (_, each) => each ?? "–" },
      ],
    }, data, place);
  };
  draw();
  scheme.addEventListener("change", draw);
  let width = place.clientWidth;
  new ResizeObserver(() => { if (place.clientWidth !== width) { width = place.clientWidth; draw(); } }).observe(place);
}
