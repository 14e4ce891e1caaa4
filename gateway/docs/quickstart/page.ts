import { Client, type Document } from "./client.ts";
import { mediaProcess, mediaRequestUpload, ordersList, ordersShip, sessionLogIn, storesList } from "./client.ts";

const client = new Client("{{address}}");
const show = (text: string) => document.body.append(text, document.createElement("br"));

// Log in, and take the first store.
const email = "demo@zyenta.example", password = "the password that zyenta up printed";
const session = await client.run(sessionLogIn, { input: { email, password } });
client.token = session.logIn?.accessToken ?? null;
const { stores } = await client.run(storesList, { first: 1 });
const storeId = stores!.nodes[0]!.id;

// Show each event of the orders as it happens.
const feed = `subscription ($storeId: ID!) { orderFeed(storeId: $storeId) { event { title } order { number } } }`;
type Feed = { orderFeed: { event: { title: string }; order: { number: string } | null } };
const follow = async () => {
  for await (const { orderFeed } of client.subscribe(feed as Document<Feed, { storeId: string }>, { storeId }))
    show(`${orderFeed.order?.number}: ${orderFeed.event.title}`);
};
void follow();

// List the paid orders, each with a button that ships it.
const { store } = await client.run(ordersList, { id: storeId, first: 20, statuses: ["PAID"] });
for (const order of store?.orders.nodes ?? []) {
  const button = document.createElement("button");
  button.textContent = `Ship ${order.number}, ${order.total} ${order.currency}`;
  button.onclick = async () => {
    const input = { orderId: order.id, carrier: "DHL", trackingNumber: "00340434161094042557" };
    const { fulfilOrder } = await client.run(ordersShip, { input });
    show(fulfilOrder?.userErrors[0]?.message ?? `${order.number} is shipped.`);
  };
  document.body.append(button);
}

// Upload a photo: ask for an address, send the file there, then use it.
const chooser = document.createElement("input");
chooser.type = "file";
chooser.onchange = async () => {
  const file = chooser.files![0]!;
  const wanted = { storeId, mimeType: file.type, size: file.size };
  const { requestUpload } = await client.run(mediaRequestUpload, { input: wanted });
  if (!requestUpload?.upload) return show(requestUpload?.userErrors[0]?.message ?? "Refused.");
  const { id: uploadId, url, mimeType } = requestUpload.upload;
  await fetch(url, { method: "PUT", body: file, headers: { "content-type": mimeType } });
  const { processImage } = await client.run(mediaProcess, { input: { storeId, uploadId, altText: file.name } });
  show(processImage?.userErrors[0]?.message ?? "The studio has the photo.");
};
document.body.append(chooser);
