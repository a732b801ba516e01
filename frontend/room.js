/**
 * The room that the page shows: its history at the start, what was missed after a loss, and what is said. No DOM.
 *
 * Messages are handed out in their order. What is said while the page waits for the history is held back until then.
 */

import { Client } from "./client.js";
import { readable } from "./protocol.js";
import { LOST } from "./replies.js";

/** How many messages of the history are shown. */
const HISTORY = 50;

export class Room {
  #channel;
  #client;
  #on;
  #isOpen = false;
  #hasBeenOpen = false;
  /** What is held back while the history is awaited, or null. */
  #held = null;
  #isAnyMissing = false;
  /** The position of the last message that was handed out. */
  #last = { epoch: "", offset: 0 };

  /**
   * `on` has functions for what happens:
   *   state(state)       as `Client` has it; "open" comes when the room is joined and its history is handed out, and
   *                      "ended" also if the service does not let us into the room
   *   message(message)   {from, text, own, when}; `from` is "" if nobody is named; `when` is "now", "missed", or "before" we
   *                      came
   *   missing()          between the messages before and after this some may be missing
   *   fault(text)        an error of the gateway that concerns no message of ours
   */
  constructor({ url, channel, getToken, on, environment }) {
    this.#channel = channel;
    this.#on = on;
    this.#client = new Client({
      url,
      getToken,
      on: {
        state: (state) => this.#stateChanged(state),
        joined: (_, past) => this.#joined(past),
        left: (_, { text }) => this.#ended(text),
        publication: (_, publication) => this.#published(publication),
        fault: on.fault,
      },
      environment,
    });
  }

  connect() {
    this.#client.subscribe(this.#channel);
    this.#client.connect();
  }

  /** Leaves until `connect`, which recovers what was missed. */
  leave() {
    this.#isOpen = false;
    this.#client.disconnect();
  }

  online() {
    this.#client.online();
  }

  offline() {
    this.#client.offline();
  }

  /** Sends a message: as `Client.publish`. */
  publish(text, done) {
    return this.#isOpen ? this.#client.publish(this.#channel, text, done) : { problem: "closed" };
  }

  #stateChanged(state) {
    if (state.name === "open") return;
    this.#isOpen = false;
    if (this.#held) this.#startAgain();
    this.#on.state(state);
  }

  /** The connection was lost before the history came. What was held back will be in the next one. */
  #startAgain() {
    this.#held = null;
    this.#client.forget(this.#channel);
  }

  #joined({ recovered, publications, recoverable, epoch, offset }) {
    if (recovered && this.#held) {
      this.#held.push(...publications);
      return;
    }
    if (recovered) {
      for (const each of publications) this.#say(each, this.#isOpen ? "now" : "missed");
      this.#open();
      return;
    }
    this.#isAnyMissing = this.#hasBeenOpen;
    if (this.#last.epoch !== epoch) this.#last = { epoch, offset: 0 };
    this.#held ??= [];
    if (!recoverable || offset === 0 || !this.#askForHistory({ epoch, offset: offset + 1 })) this.#release([]);
  }

  /** Asks for what was said before a position: what comes after it arrives by itself. */
  #askForHistory(since) {
    const { problem } = this.#client.history(this.#channel, { limit: HISTORY, reverse: true, since }, ({ result, error }) => {
      // If the connection was lost, the change of the state has dealt with it.
      if (error !== LOST) this.#release([...(result?.publications ?? [])].reverse());
    });
    return !problem;
  }

  #published(publication) {
    if (this.#held) this.#held.push(publication);
    else this.#say(publication, "now");
  }

  /** Hands out the history, as far as it is not known yet, and what was held back meanwhile. */
  #release(history) {
    if (this.#isAnyMissing) this.#on.missing();
    this.#isAnyMissing = false;
    const when = this.#hasBeenOpen ? "missed" : "before";
    for (const each of history) if (each.offset > this.#last.offset) this.#say(each, when);
    for (const each of this.#held ?? []) this.#say(each, "now");
    this.#held = null;
    this.#open();
  }

  #open() {
    if (this.#isOpen) return;
    this.#isOpen = this.#hasBeenOpen = true;
    this.#on.state({ name: "open" });
  }

  #say(publication, when) {
    const { data, info, offset = 0 } = publication;
    this.#last.offset = Math.max(this.#last.offset, offset);
    this.#on.message({ from: String(info?.client ?? ""), text: readable(data), own: this.#client.isOwn(publication), when });
  }

  /** The service does not let us into the room, so there is no use for the connection. */
  #ended(text) {
    this.#client.disconnect();
    this.#stateChanged({ name: "ended", text });
  }
}
