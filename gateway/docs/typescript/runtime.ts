/** A GraphQL document, with the types of its answer and variables. At run time it is its text. */
export type Document<Answer, Variables> = string & { readonly __answer?: Answer; readonly __variables?: Variables };

/** The gateway refused a request. Compare `code`; the catalog at /errors explains each. */
export class GatewayError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field: string | null = null,
  ) {
    super(message);
  }
}

interface WireError {
  message: string;
  extensions?: { code?: string; field?: string | null };
}

function refusal(errors: readonly WireError[]): GatewayError {
  const [first] = errors;
  return new GatewayError(
    first?.extensions?.code ?? "INTERNAL",
    first?.message ?? "The gateway sent no message.",
    first?.extensions?.field ?? null,
  );
}

/** Sends documents to one gateway. */
export class Client {
  /** The access token of a log-in, or an API key. Set it after logging in. */
  token: string | null;
  /** Makes the next queries wait until they see a change: its consistencyToken. */
  consistencyToken: string | null = null;

  constructor(
    readonly address: string,
    token: string | null = null,
  ) {
    this.token = token;
  }

  /** Run a query or a mutation. Throws a GatewayError if the gateway refuses it; userErrors are part of the answer. */
  async run<Answer, Variables>(document: Document<Answer, Variables>, variables: Variables): Promise<Answer> {
    const headers: Record<string, string> = { "content-type": "application/json", accept: "application/json" };
    if (this.token) headers["authorization"] = `Bearer ${this.token}`;
    if (this.consistencyToken) headers["x-consistency-token"] = this.consistencyToken;
    const body = JSON.stringify({ query: document, variables });
    const response = await fetch(`${this.address}/graphql`, { method: "POST", headers, body });
    const answer = (await response.json()) as { data?: Answer | null; errors?: WireError[] };
    if (answer.errors?.length || answer.data == null) throw refusal(answer.errors ?? []);
    return answer.data;
  }

  /** Run a subscription. Yields every answer until it ends, or until the loop is left. */
  async *subscribe<Answer, Variables>(document: Document<Answer, Variables>, variables: Variables): AsyncGenerator<Answer> {
    const socket = new WebSocket(`${this.address.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
    const waiting: Array<Answer | GatewayError | null> = [];
    let wake = (): void => {};
    const put = (each: Answer | GatewayError | null): void => {
      waiting.push(each);
      wake();
    };
    const send = (message: object): void => socket.send(JSON.stringify(message));
    socket.onopen = () =>
      send({ type: "connection_init", payload: this.token ? { authorization: `Bearer ${this.token}` } : {} });
    socket.onclose = (event) => put(event.code === 1000 ? null : new GatewayError("UNAVAILABLE", event.reason));
    socket.onmessage = (event) => {
      const message = JSON.parse(String(event.data));
      if (message.type === "connection_ack") send({ type: "subscribe", id: "1", payload: { query: document, variables } });
      else if (message.type === "ping") send({ type: "pong" });
      else if (message.type === "next") {
        const { data, errors } = message.payload as { data?: Answer | null; errors?: WireError[] };
        put(errors?.length || data == null ? refusal(errors ?? []) : data);
      } else if (message.type === "error") put(refusal(message.payload as WireError[]));
      else if (message.type === "complete") put(null);
    };
    try {
      for (;;) {
        while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const next = waiting.shift();
        if (next == null) return;
        if (next instanceof GatewayError) throw next;
        yield next;
      }
    } finally {
      socket.close();
    }
  }
}

