/**
 * One socket at a time, and when to open the next one. No DOM: the functions of the browser are passed as `environment`.
 *
 *   connecting → open         the handshake succeeded
 *   connecting → waiting      it failed, or took too long
 *   open       → waiting      the connection was lost
 *   open       → connecting   API Gateway closed it as a routine, see below
 *   waiting    → connecting   the delay is over, the user does not want to wait, or the browser is online again
 *   waiting    → offline      the browser is offline; if it is offline already, "offline" takes the place of "waiting"
 *   offline    → connecting   it is online again, or the user wants to try
 *
 * API Gateway closes a connection with 1001 if it was idle for ten minutes or open for two hours. The page sends no empty
 * messages to keep it alive, since each would be billed and invoke a function. It opens a new connection at once instead,
 * and does not report a loss.
 */

import { subprotocols } from "./protocol.js";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** If a connection ends sooner than this, the next delay grows further. */
const STABLE_AFTER_MS = 5_000;
/** API Gateway waits 29 s for the function that accepts a connection. */
const OPENING_TIMEOUT_MS = 32_000;
const GOING_AWAY = 1001;
/** What a browser reports when a connection ends without a close frame (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

const browser = {
  open: (url, protocols) => new WebSocket(url, protocols),
  isOnline: () => navigator.onLine,
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer),
};

export class Connection {
  #url;
  #getToken;
  #onState;
  #onFrame;
  #environment;
  #socket = null;
  #state = { name: "connecting" };
  #failures = 0;
  #openedAt = 0;
  #timer;

  /**
   * `onState` receives {name: "connecting" | "open" | "offline"} or {name: "waiting", until} (ms since the epoch). A state
   * that follows the loss of an open connection also has `closeCode`; "waiting" without one follows a handshake that
   * failed, for a reason that browsers hide from scripts. `getToken` is called before each handshake.
   */
  constructor({ url, getToken = () => "", onState, onFrame, environment = browser }) {
    this.#url = url;
    this.#getToken = getToken;
    this.#onState = onState;
    this.#onFrame = onFrame;
    this.#environment = environment;
  }

  get isOpen() {
    return this.#state.name === "open";
  }

  /** Opens a connection now, and drops the current one, if any. */
  connect() {
    const closeCode = this.isOpen ? ABNORMAL : undefined;
    this.#abandon();
    this.#open(closeCode);
  }

  /** Drops the connection, and opens another one after a delay. */
  retry() {
    this.#lose(this.#socket, ABNORMAL);
  }

  /** Drops the connection, for good. */
  drop() {
    this.#abandon();
    this.#state = { name: "connecting" };
  }

  /** Passes a frame to the socket. Returns false if there is none; true does not prove that the frame arrives. */
  send(frame) {
    if (!this.isOpen || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(frame);
    return true;
  }

  /** The browser is online again. */
  online() {
    if (this.#state.name !== "waiting" && this.#state.name !== "offline") return;
    this.#failures = 0;
    this.connect();
  }

  /** The browser is offline. An open connection is kept: one to this machine still works. */
  offline() {
    if (this.#state.name !== "waiting") return;
    this.#environment.clearTimeout(this.#timer);
    this.#enter({ name: "offline" });
  }

  #open(closeCode) {
    this.#enter({ name: "connecting", closeCode });
    const socket = this.#environment.open(this.#url, subprotocols(this.#getToken()));
    this.#socket = socket;
    this.#timer = this.#environment.setTimeout(() => this.#lose(socket), OPENING_TIMEOUT_MS);
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => this.#onFrame(event.data);
    socket.onclose = (event) => this.#lose(socket, event.code);
  }

  #opened() {
    this.#environment.clearTimeout(this.#timer);
    this.#openedAt = this.#environment.now();
    this.#enter({ name: "open" });
  }

  #lose(socket, code) {
    const wasOpen = this.isOpen;
    const wasStable = wasOpen && this.#environment.now() - this.#openedAt >= STABLE_AFTER_MS;
    this.#abandon(socket);
    if (wasStable) this.#failures = 0;
    const closeCode = wasOpen ? code : undefined;
    if (wasStable && code === GOING_AWAY) this.#open(closeCode);
    else if (!this.#environment.isOnline()) this.#enter({ name: "offline", closeCode });
    else this.#wait(closeCode);
  }

  #wait(closeCode) {
    const longest = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    // Half of it is random, so that clients which were disconnected together do not reconnect together.
    const delay = longest * (0.5 + this.#environment.random() / 2);
    this.#failures += 1;
    this.#timer = this.#environment.setTimeout(() => this.#open(), delay);
    this.#enter({ name: "waiting", until: this.#environment.now() + delay, closeCode });
  }

  /** Drops the socket without waiting: closing it takes minutes if the network is gone. Its later events are ignored. */
  #abandon(socket = this.#socket) {
    this.#environment.clearTimeout(this.#timer);
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#socket = null;
  }

  #enter(state) {
    this.#state = state;
    this.#onState(state);
  }
}
