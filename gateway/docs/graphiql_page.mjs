// GraphiQL with our fetcher and examples: queries go over HTTP, subscriptions over graphql-transport-ws.
const { React, ReactDOM, GraphiQL } = window;
const h = React.createElement;
const storage = window.sessionStorage;
const examples = JSON.parse(document.getElementById("examples").textContent);
const token = document.getElementById("token");
const consistency = document.getElementById("consistency");

/** Ids of the last answer, by the variable that takes them. Examples start with them. */
const ids = { storeId: "", productId: "", orderId: "" };
const VARIABLE = {
  store: "storeId", stores: "storeId", product: "productId", products: "productId", order: "orderId", orders: "orderId",
};

token.value = storage.getItem("token") ?? "";
token.addEventListener("input", () => storage.setItem("token", token.value));

/** Keep the tokens and ids of an answer where the next request needs them. */
function remember(value) {
  if (!value || typeof value !== "object") return;
  if (value.accessToken) {
    token.value = value.accessToken;
    storage.setItem("token", token.value);
  }
  if (value.consistencyToken) consistency.value = value.consistencyToken;
  for (const [key, inner] of Object.entries(value)) {
    const id = inner?.nodes?.[0]?.id ?? inner?.id;
    if (id && VARIABLE[key]) ids[VARIABLE[key]] = id;
    remember(inner);
  }
}

/** Return an example's variables with the remembered ids in place of empty ones. */
function filled(variables) {
  return Object.fromEntries(Object.entries(variables).map(([key, value]) =>
    [key, value && typeof value === "object" ? filled(value) : value || (ids[key] ?? value)]));
}

function headers() {
  const sent = {};
  if (token.value.trim()) sent.authorization = `Bearer ${token.value.trim()}`;
  if (consistency.value.trim()) sent["x-consistency-token"] = consistency.value.trim();
  return sent;
}

async function overHttp(params, extra) {
  // The schema is public: an expired token must not keep it from loading.
  const own = params.operationName === "IntrospectionQuery" ? {} : headers();
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...own, ...extra },
    body: JSON.stringify(params),
  });
  const result = await response.json();
  remember(result.data);
  return result;
}

function overWebSocket(params, extra) {
  const address = new URL("/graphql", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return {
    subscribe({ next, error, complete }) {
      const socket = new WebSocket(address, "graphql-transport-ws");
      const send = (message) => socket.send(JSON.stringify(message));
      let done = false;
      const end = (report, value) => {
        if (done) return;
        done = true;
        socket.close(1000);
        report?.(value);
      };
      socket.onopen = () => send({ type: "connection_init", payload: { ...headers(), ...extra } });
      socket.onmessage = ({ data }) => {
        const { type, payload } = JSON.parse(data);
        if (type === "connection_ack") send({ id: "1", type: "subscribe", payload: params });
        else if (type === "ping") send({ type: "pong" });
        else if (type === "next") next(payload);
        else if (type === "error") end(error, payload);
        else if (type === "complete") end(complete);
      };
      socket.onclose = ({ code, reason }) => end(error, { message: reason || `The connection closed with code ${code}.` });
      return { unsubscribe: () => end() };
    },
  };
}

/** Return the operation to send. GraphiQL updates its own idea of it only a moment after the text. */
function operationOf({ query, operationName }) {
  const { parse, getOperationAST } = GraphiQL.GraphQL;
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    return null; // the gateway says where the syntax is wrong
  }
}

function fetcher(params, { headers: extra = {} } = {}) {
  const operation = operationOf(params);
  const sent = { ...params, operationName: operation?.name?.value ?? params.operationName };
  return (operation?.operation === "subscription" ? overWebSocket : overHttp)(sent, extra);
}

function Examples() {
  const { queryEditor, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });
  const open = ({ document, variables }) => {
    queryEditor?.setValue(document);
    variableEditor?.setValue(variables ? JSON.stringify(filled(variables), null, 2) : "");
  };
  const items = examples.map((example) =>
    h("li", { key: example.name },
      h("button", { type: "button", onClick: () => open(example) },
        h("strong", null, example.title), h("span", null, example.about))));
  return h("section", { className: "examples", "aria-label": "Examples" },
    h("div", { className: "graphiql-doc-explorer-title" }, "Examples"), h("ol", null, items));
}

const icon = () => h("svg", { viewBox: "0 0 16 16", fill: "none", stroke: "currentColor", strokeWidth: 1.3 },
  h("path", { d: "M3 3.5h10M3 8h10M3 12.5h6" }));
const plugin = { title: "Examples", icon, content: Examples };

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  h(GraphiQL, {
    fetcher,
    storage, // not localStorage: a variable may hold a password
    plugins: [plugin],
    visiblePlugin: storage.getItem("graphiql:visiblePlugin") === null ? plugin : undefined,
    defaultQuery: "# Choose an example, or write\n# an operation of your own.\n",
    defaultEditorToolsVisibility: "variables",
    forcedTheme: "system",
    shouldPersistHeaders: false,
  }),
);
