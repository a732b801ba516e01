/**
 * A client of the Centrifuge protocol (docs/protocol.md), over one connection at a time. No DOM.
 *
 * After each handshake it sends `connect`, and `subscribe` for each of its channels, in one frame. It knows how far it has
 * read each channel, so that it receives what it missed when it comes back, or is told that it cannot.
 */

import { Connection } from "./connection.js";
import { Position } from "./position.js";
import { MAX_FRAME_BYTES, addressOf, decode, encode, isFinal, sizeInBytes } from "./protocol.js";
import { LOST, NO_REPLY, Replies } from "./replies.js";

const NAME = "chat page";
/** The codes of an ended subscription (Centrifuge, "Unsubscribe codes"). */
const SUBSCRIBE_AGAIN_FROM = 2500;
const STATE_INVALIDATED = 2502;

export class Client {
  #connection;
  #on;
  #replies = new Replies();
  /** channel → {position, isAsked}; `isAsked` while its `subscribe` has no reply. */
  #channels = new Map();
  /** The ids of our connections: a message sent on the previous one can arrive on this one. */
  #ownIds = new Set();

  /**
   * `on` has functions for what happens:
   *   state(state)                  as `Connection` has it, but "open" comes when the service has accepted us, and
   *                                 {name: "ended", text} when it does not want us to come back
   *   joined(channel, past)         we are in the channel, for the first time or again. `past` is {recovered, publications,
   *                                 recoverable, epoch, offset}: if `recovered`, `publications` are all that we missed;
   *                                 otherwise the channel goes on after `offset`
   *   left(channel, {text})         the service does not let us in, or has sent us out
   *   publication(channel, publication)
   *   fault(text)                   an error of the gateway that names no command
   * `getToken` and `environment` are as in `Connection`.
   */
  constructor({ url, getToken, on, environment }) {
    this.#on = on;
    this.#connection = new Connection({
      url: addressOf(url),
      getToken,
      onState: (state) => this.#stateChanged(state),
      onFrame: (frame) => decode(frame).forEach((each) => this.#received(each)),
      environment,
    });
  }

  /** Opens a connection now, also after the service has ended the last one. */
  connect() {
    this.#connection.connect();
  }

  /** Ends the connection until `connect`. */
  disconnect() {
    this.#connection.drop();
    this.#replies.lose();
  }

  /** The browser is online again, or offline. */
  online() {
    this.#connection.online();
  }

  offline() {
    this.#connection.offline();
  }

  /** Returns whether a message was sent by this client, on whichever connection. */
  isOwn({ info }) {
    return this.#ownIds.has(info?.client);
  }

  /** Joins a channel, now or when there is a connection, and again on each new one. */
  subscribe(channel) {
    if (this.#channels.has(channel)) return;
    this.#channels.set(channel, { position: new Position(), isAsked: false });
    if (this.#connection.isOpen) this.#send(this.#subscription(channel));
  }

  /** Leaves a channel. */
  unsubscribe(channel) {
    if (!this.#channels.delete(channel)) return;
    // If that is not certain, a new connection is: it does not join the channel.
    this.#call("unsubscribe", { channel }, ({ error }) => {
      if (error && error !== LOST) this.#connection.connect();
    });
  }

  /** Forgets how far a channel was read. */
  forget(channel) {
    const joined = this.#channels.get(channel);
    if (joined) joined.position = new Position();
  }

  /**
   * Sends a message. Returns {problem} if that cannot be done: "closed", or "size" with the `size` of the frame in bytes.
   * Otherwise `done` is called as in `Replies.await`.
   */
  publish(channel, data, done) {
    return this.#call("publish", { channel, data }, (reply) => {
      done(reply);
      // A browser notices a lost network only after many minutes.
      if (reply.error === NO_REPLY) this.#connection.connect();
    });
  }

  /** Asks for what was said: {limit, since: {offset, epoch}, reverse}. The result has {publications, offset, epoch}. */
  history(channel, options, done) {
    return this.#call("history", { channel, ...options }, done);
  }

  /** Asks who is there. The result has `presence`, {client: {user, client}}. */
  presence(channel, done) {
    return this.#call("presence", { channel }, done);
  }

  #call(name, members, done) {
    const command = this.#replies.command(name, members);
    const size = sizeInBytes(encode(command));
    if (size > MAX_FRAME_BYTES) return { problem: "size", size };
    return this.#send([command, done]) ? {} : { problem: "closed" };
  }

  /** Sends commands, each [command, done], in one frame. */
  #send(...calls) {
    if (!this.#connection.send(encode(...calls.map(([command]) => command)))) return false;
    for (const [command, done] of calls) this.#replies.await(command, done);
    return true;
  }

  #stateChanged(state) {
    if (state.name === "open") {
      const connect = [this.#replies.command("connect", { name: NAME }), (reply) => this.#answered(reply)];
      this.#send(connect, ...[...this.#channels.keys()].map((channel) => this.#subscription(channel)));
    } else {
      this.#replies.lose();
      this.#on.state(state);
    }
  }

  #answered({ result, error }) {
    if (error) return this.#refused(error, () => this.#end(error));
    this.#ownIds.add(String(result.client));
    this.#on.state({ name: "open" });
  }

  #subscription(channel) {
    const joined = this.#channels.get(channel);
    joined.isAsked = true;
    const command = this.#replies.command("subscribe", { channel, recoverable: true, ...joined.position.request });
    return [command, (reply) => this.#channels.get(channel) === joined && this.#subscribed(channel, joined, reply)];
  }

  #subscribed(channel, joined, { result, error }) {
    joined.isAsked = false;
    if (error) return this.#refused(error, () => this.#left(channel, error));
    const { recovered = false, recoverable = false, epoch = "", offset = 0, publications = [] } = result;
    if (recoverable) joined.position.goOn({ epoch, offset, recovered });
    const missed = publications.filter((each) => joined.position.take(each.offset));
    this.#on.joined(channel, { recovered, publications: missed, recoverable, epoch, offset });
  }

  /** We are not accepted, or not in a channel. If that is temporary, a new connection tries again. */
  #refused(error, giveUp) {
    if (error === LOST) return;
    if (error.temporary) this.#connection.retry();
    else giveUp();
  }

  #left(channel, { text }) {
    if (this.#channels.delete(channel)) this.#on.left(channel, { text });
  }

  #end({ text }) {
    this.disconnect();
    this.#on.state({ name: "ended", text });
  }

  #received(event) {
    if (event.kind === "reply") this.#replies.settle(event.id, event);
    else if (event.kind === "publication") this.#published(event);
    else if (event.kind === "unsubscribe") this.#unsubscribed(event);
    else if (event.kind === "disconnect" && isFinal(event.code)) this.#end(event);
    else if (event.kind === "disconnect") this.#connection.retry();
    else if (!this.#replies.settleOnly({ text: event.text, temporary: true })) this.#on.fault(event.text);
  }

  #published({ channel, publication }) {
    const joined = this.#channels.get(channel);
    if (!joined?.position.take(publication.offset)) return;
    this.#on.publication(channel, publication);
    if (joined.position.hasGap) this.#subscribeAgain(channel);
  }

  #unsubscribed({ channel, code, text }) {
    if (code < SUBSCRIBE_AGAIN_FROM) return this.#left(channel, { text });
    if (code === STATE_INVALIDATED) this.forget(channel);
    this.#subscribeAgain(channel);
  }

  #subscribeAgain(channel) {
    const joined = this.#channels.get(channel);
    if (joined && !joined.isAsked) this.#send(this.#subscription(channel));
  }
}
