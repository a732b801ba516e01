/**
 * The Centrifuge protocol in JSON (docs/protocol.md): commands into frames, frames into replies and pushes. No DOM, no
 * socket.
 */

const SUBPROTOCOL = "centrifuge-json";
const TOKEN_PREFIX = "bearer.";

/** Returns the address of a service, to which the query's `protocol` is added. The rest of a query stays as it is. */
export function addressOf(url) {
  const address = new URL(url);
  const others = address.search.slice(1).split("&").filter((member) => member && !/^protocol(=|$)/.test(member));
  address.search = [...others, "protocol=centrifuge"].join("&");
  return address.href;
}

/**
 * Returns the subprotocols to offer. A token is one of them, since browsers can set no other header of a handshake. Beside
 * it has to be one that the service confirms: a browser drops a connection whose answer confirms none.
 */
export function subprotocols(token) {
  return token ? [SUBPROTOCOL, TOKEN_PREFIX + token] : [];
}

/**
 * The largest frame that API Gateway accepts (its WebSocket quotas table). A larger one closes the connection with 1009. A
 * message may have four times as much in several frames, but a page cannot choose frames, and Chromium sends each message
 * as one frame.
 */
export const MAX_FRAME_BYTES = 32 * 1024;

/** Returns the frame with these commands, each {id, NAME: {…}}. */
export function encode(...commands) {
  return commands.map((command) => JSON.stringify(command)).join("\n");
}

/** Returns the size of a frame on the wire, in bytes. */
export function sizeInBytes(frame) {
  return new TextEncoder().encode(frame).length;
}

/**
 * Reads a frame into a list of
 *   {kind: "reply", id, result | error}     `error` is {code, text, temporary}
 *   {kind: "publication", channel, publication}
 *   {kind: "unsubscribe" | "disconnect", channel?, code, text}
 *   {kind: "fault", text}                   an error of API Gateway itself, which names no command
 * What means nothing, such as the frame that keeps the connection open, is left out.
 */
export function decode(frame) {
  return String(frame).split("\n").map(parseObject).filter(Boolean).map(read).filter(Boolean);
}

function read({ id, error, push, message, ...results }) {
  if (error) return { kind: "reply", id, error: { code: error.code, text: String(error.message), temporary: error.temporary === true } };
  if (push?.pub) return { kind: "publication", channel: push.channel, publication: push.pub };
  if (push?.unsubscribe) return { kind: "unsubscribe", channel: push.channel, ...reason(push.unsubscribe) };
  if (push?.disconnect) return { kind: "disconnect", ...reason(push.disconnect) };
  if (push) return null;
  if (id !== undefined) return { kind: "reply", id, result: Object.values(results)[0] ?? {} };
  return typeof message === "string" ? { kind: "fault", text: message } : null;
}

function reason({ code, reason: text }) {
  return { code, text: String(text) };
}

/** A code with which the client must not come back (Centrifuge, "Client disconnect codes"). */
export function isFinal(code) {
  return (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);
}

/** Returns the data of a publication as text. */
export function readable(data) {
  return typeof data === "string" ? data : (JSON.stringify(data) ?? "");
}

function parseObject(line) {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
