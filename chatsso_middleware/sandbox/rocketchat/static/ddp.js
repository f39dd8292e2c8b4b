// The realtime protocol (DDP, version 1) over a WebSocket, as much of it as the chat's page needs.

const FIRST_PAUSE = 250; // milliseconds before the first attempt to connect again
const LONGEST_PAUSE = 8000;

export class DDPError extends Error {
  constructor(error) {
    super(error.reason || error.message || String(error.error));
    this.error = error.error;
  }
}

// Tells of "connected", "lost", "user" (its own user's fields, null for none) and "message".
export class Connection extends EventTarget {
  #address;
  #socket = null;
  #calls = new Map();
  #last = 0;
  #pause = FIRST_PAUSE;
  #users = new Map();

  constructor(address) {
    super();
    this.#address = address;
  }

  open() {
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#send({ msg: "connect", version: "1", support: ["1"] }));
    socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    socket.addEventListener("close", () => this.#lose());
  }

  // The promise of a method's result.
  call(method, ...params) {
    return new Promise((resolve, reject) => {
      const id = this.#id();
      this.#calls.set(id, { resolve, reject });
      this.#send({ msg: "method", method, id, params });
    });
  }

  subscribe(name, ...params) {
    this.#send({ msg: "sub", id: this.#id(), name, params });
  }

  // What the server published of a user.
  user(id) {
    return this.#users.get(id) ?? null;
  }

  #id() {
    this.#last += 1;
    return String(this.#last);
  }

  #send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    } else if (message.msg === "method") {
      this.#settle(message.id, { error: { reason: "The chat is not connected." } });
    }
  }

  #receive(message) {
    if (message.msg === "connected") {
      this.#pause = FIRST_PAUSE;
      this.#tell("connected");
    } else if (message.msg === "ping") {
      this.#send({ msg: "pong", ...("id" in message && { id: message.id }) });
    } else if (message.msg === "result") {
      this.#settle(message.id, message);
    } else if (message.collection === "users") {
      this.#publish(message);
    } else if (message.collection === "stream-room-messages") {
      message.fields.args.forEach((said) => this.#tell("message", said));
    }
  }

  #publish({ msg, id, fields }) {
    if (msg === "removed") {
      this.#users.delete(id);
    } else {
      this.#users.set(id, { ...this.#users.get(id), ...fields });
      this.#tell("user", id);
    }
  }

  #settle(id, { error, result }) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (call && error) {
      call.reject(new DDPError(error));
    } else if (call) {
      call.resolve(result);
    }
  }

  #lose() {
    for (const id of [...this.#calls.keys()]) {
      this.#settle(id, { error: { reason: "The connection to the chat was lost." } });
    }
    this.#users.clear();
    this.#tell("lost");
    setTimeout(() => this.open(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
