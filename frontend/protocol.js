/** The wire protocol, JSON codec (subprotocol `chat.v1`): frames out, events in. No DOM, no socket. */

export const SUBPROTOCOL = "chat.v1";
const TOKEN_PREFIX = "bearer.";

/** Returns the subprotocols to offer. They include the token, since browsers can set no other header of a handshake. */
export function subprotocols(token) {
  return token ? [SUBPROTOCOL, TOKEN_PREFIX + token] : [SUBPROTOCOL];
}

/**
 * The largest frame that API Gateway accepts (its WebSocket quotas table). A larger one closes the connection with 1009. A
 * message may have four times as much in several frames, but a page cannot choose frames, and Chromium sends each message
 * as one frame.
 */
export const MAX_FRAME_BYTES = 32 * 1024;

/** Returns the frame that sends `text` to everyone. The reply repeats `ref`. */
export function renderSend(text, ref) {
  return JSON.stringify({ action: "sendmessage", data: text, ref });
}

/** Returns the size of a frame on the wire, in bytes. */
export function sizeInBytes(frame) {
  return new TextEncoder().encode(frame).length;
}

/**
 * Reads a frame into one of
 *   {kind: "message", from, text}
 *   {kind: "sent", ref, from, delivered, gone, failed}
 *   {kind: "error", text, retryable, ref?, from?}   `from` is our own connection, if the gateway names it
 *   {kind: "text", text}                            something that is not of this protocol
 *   {kind: "unknown"}                               an event of a later version of it
 */
export function parseFrame(frame) {
  const event = parseObject(frame);
  if (event === null) return { kind: "text", text: String(frame) };
  switch (event.type) {
    case "message":
      return { kind: "message", from: String(event.from), text: readable(event.data) };
    case "sent":
      return { ...event, kind: "sent" };
    case "error":
      return { kind: "error", text: String(event.message), retryable: event.retryable === true, ref: event.ref };
    case undefined:
      return readGatewayFrame(event, frame);
    default:
      return { kind: "unknown" };
  }
}

/** API Gateway's own frames have no type and no ref. Each of them reports a temporary error. */
function readGatewayFrame(event, frame) {
  if (typeof event.message !== "string") return { kind: "text", text: frame };
  return { kind: "error", text: event.message, retryable: true, from: event.connectionId };
}

function parseObject(frame) {
  try {
    const value = JSON.parse(frame);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function readable(data) {
  return typeof data === "string" ? data : (JSON.stringify(data) ?? "");
}
