// The query console: one page, no library. Queries go over HTTP, subscriptions over graphql-transport-ws.
const at = (id) => document.getElementById(id);
const query = at("query"), variables = at("variables"), token = at("token"), consistency = at("consistency");
const answer = at("answer"), state = at("state"), run = at("run"), stop = at("stop");
let socket = null;

query.value = sessionStorage.getItem("query") ?? "query Mine {\n  me {\n    email\n    stores(first: 10) {\n      totalCount\n      nodes { id name niche status url }\n    }\n  }\n}\n";
variables.value = sessionStorage.getItem("variables") ?? "{}";
token.value = sessionStorage.getItem("token") ?? "";

function show(text, bad, note) {
  answer.textContent = text;
  answer.classList.toggle("bad", bad);
  state.textContent = note;
}

function asked() {
  sessionStorage.setItem("query", query.value);
  sessionStorage.setItem("variables", variables.value);
  sessionStorage.setItem("token", token.value);
  const text = variables.value.trim();
  return { query: query.value, variables: text ? JSON.parse(text) : {} };
}

function headers() {
  const sent = {};
  if (token.value.trim()) sent.authorization = `Bearer ${token.value.trim()}`;
  if (consistency.value.trim()) sent["x-consistency-token"] = consistency.value.trim();
  return sent;
}

async function ask(body) {
  const began = performance.now();
  run.disabled = true;
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...headers() },
      body: JSON.stringify(body),
    });
    const result = await response.json();
    const note = `Answer · ${response.status} · ${Math.round(performance.now() - began)} ms`;
    show(JSON.stringify(result, null, 2), Boolean(result.errors), note);
    take(result.data);
    return result;
  } catch (error) {
    show(String(error), true, "No answer");
  } finally {
    run.disabled = false;
  }
}

// Credentials and tokens that a mutation answers are put where the next request needs them.
function take(data) {
  for (const payload of Object.values(data ?? {})) {
    if (payload?.accessToken) token.value = payload.accessToken;
    if (payload?.consistencyToken) consistency.value = payload.consistencyToken;
  }
}

function follow(body) {
  end();
  const address = new URL("/graphql", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const mine = (socket = new WebSocket(address, "graphql-transport-ws"));
  stop.hidden = false;
  show("", false, "Connecting …");
  mine.onopen = () => mine.send(JSON.stringify({ type: "connection_init", payload: headers() }));
  mine.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "connection_ack") mine.send(JSON.stringify({ id: "1", type: "subscribe", payload: body }));
    else if (message.type === "next") show(JSON.stringify(message.payload, null, 2), Boolean(message.payload.errors), "Live");
    else if (message.type === "error") show(JSON.stringify(message.payload, null, 2), true, "Refused");
    else if (message.type === "complete") end("Complete");
  };
  mine.onclose = () => mine === socket && end("Closed");
}

function end(note) {
  const mine = socket;
  socket = null;
  stop.hidden = true;
  mine?.close();
  if (note) state.textContent = note;
}

const isSubscription = (text) => /^\s*subscription\b/m.test(text.replace(/#.*$/gm, ""));

function go() {
  let body;
  try {
    body = asked();
  } catch (error) {
    return show(`The variables are not JSON: ${error.message}`, true, "Not sent");
  }
  return isSubscription(body.query) ? follow(body) : ask(body);
}

const INTROSPECTION = `{ __schema { types { name kind description
  fields { name description args { name type { ...T } } type { ...T } }
  inputFields { name type { ...T } } enumValues { name } } } }
  fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }`;

const typeName = (type) =>
  type.kind === "NON_NULL" ? `${typeName(type.ofType)}!` : type.kind === "LIST" ? `[${typeName(type.ofType)}]` : type.name;

function printed(type) {
  const line = (one) => {
    const args = one.args?.length ? `(${one.args.map((a) => `${a.name}: ${typeName(a.type)}`).join(", ")})` : "";
    return `  ${one.name}${args}: ${typeName(one.type)}${one.description ? `   # ${one.description}` : ""}`;
  };
  const body = type.enumValues?.map((one) => `  ${one.name}`) ?? (type.fields ?? type.inputFields ?? []).map(line);
  const head = { OBJECT: "type", INTERFACE: "interface", INPUT_OBJECT: "input", ENUM: "enum" }[type.kind];
  return `${type.description ? `# ${type.description}\n` : ""}${head} ${type.name} {\n${body.join("\n")}\n}`;
}

async function schema() {
  const result = await ask({ query: INTROSPECTION });
  if (!result?.data) return;
  const first = ["Query", "Mutation", "Subscription"];
  const rank = (type) => (first.indexOf(type.name) + 1 || 9) + (type.kind === "INPUT_OBJECT" ? 1 : 0);
  const types = result.data.__schema.types.filter((type) => !type.name.startsWith("__") && type.kind !== "SCALAR");
  types.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  show(types.map(printed).join("\n\n"), false, "Schema");
}

run.addEventListener("click", go);
stop.addEventListener("click", () => end("Stopped"));
at("schema").addEventListener("click", schema);
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    event.preventDefault();
    go();
  }
});
