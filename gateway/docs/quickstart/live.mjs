const address = "{{address}}", email = "demo@zyenta.example", password = "the password that zyenta up printed";
const json = { "content-type": "application/json" };
const post = async (path, body, headers = {}) =>
  (await fetch(address + path, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) })).json();

const { accessToken } = await post("/api/v1/sessions", { email, password });
const authorization = `Bearer ${accessToken}`;
const { data } = await post("/graphql", { query: "{ stores { nodes { id } } }" }, { authorization });

const query = `subscription ($storeId: ID!) { orderFeed(storeId: $storeId, after: "0") { cursor event { at title } order { number status } } }`;
const variables = { storeId: data.stores.nodes[0].id };
const socket = new WebSocket(address.replace("http", "ws") + "/graphql", "graphql-transport-ws");
socket.onopen = () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } }));
socket.onmessage = (event) => {
  const { type, payload } = JSON.parse(event.data);
  if (type === "connection_ack") socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query, variables } }));
  if (type === "ping") socket.send(JSON.stringify({ type: "pong" }));
  if (type === "next") console.log(payload.data.orderFeed);
};
