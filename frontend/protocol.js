/** The wire protocol, JSON format (subprotocol `chat.v1`): frames out, events in. No DOM, no socket. */

export const SUBPROTOCOL = "chat.v1";
const TOKEN_PREFIX = "bearer.";

/** Returns the subprotocols to offer. A token is among them, since a browser's handshake can take it nowhere else. */
export function subprotocols(token) {
  return token ? [SUBPROTOCOL, TOKEN_PREFIX + token] : [SUBPROTOCOL];
}

/**
 * The largest frame that API Gateway takes (its WebSocket quotas table); on a larger one it closes with 1009. A message may
 * be four times that in several frames, but a page has no say in it, and Chromium sends every message as one frame.
 */
export const MAX_FRAME_BYTES = 32 * 1024;

/** Returns the frame that sends `text` to everyone; `ref` comes back in its reply. */
export function renderSend(text, ref) {
  return JSON.stringify({ action: "sendmessage", data: text, ref });
}

/** Returns how many bytes a frame has on the wire. */
export function sizeInBytes(frame) {
  return new TextEncoder().encode(frame).length;
}

/**
 * Reads a frame into one of
 *   {kind: "message", from, text}
 *   {kind: "sent", ref, from, delivered, gone, failed}
 *   {kind: "error", text, retryable, ref?, from?}   `from` is our own connection, where the gateway names it
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

/** API Gateway's own frames have no type and no ref; trying again later is all that can be done about any of them. */
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
