/** The state of the connection: always visible, and announced to screen readers when it matters. */

const LABELS = { connecting: "Connecting…", open: "Connected", offline: "Offline", ended: "Ended" };
const ANNOUNCEMENTS = {
  open: "Connected.",
  waiting: "The connection is lost. Trying again by itself.",
  offline: "This device is offline.",
  ended: "The service has ended the connection.",
};

export class Status {
  #root;
  #label;
  #now;
  #announcer;
  #ticking;
  #announced = "";

  /** `onNow` is called when the user does not want to wait for the next attempt. */
  constructor({ root, label, now, announcer, onNow }) {
    this.#root = root;
    this.#label = label;
    this.#now = now;
    this.#announcer = announcer;
    now.addEventListener("click", onNow);
  }

  /** Shows a state of `Room`. */
  show(state) {
    clearInterval(this.#ticking);
    this.#root.dataset.state = state.name;
    this.#now.hidden = !["waiting", "offline", "ended"].includes(state.name);
    this.#now.textContent = state.name === "waiting" ? "Now" : "Connect";
    this.#label.textContent = LABELS[state.name] ?? "";
    if (state.name === "waiting") this.#countDown(state.until);
    this.#announce(state.name);
  }

  /** Announces to screen readers what is visible elsewhere. */
  say(text) {
    this.#announcer.textContent = text;
  }

  #countDown(until) {
    const tick = () => {
      const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
      this.#label.textContent = `Reconnecting in ${seconds} s`;
    };
    tick();
    this.#ticking = setInterval(tick, 250);
  }

  /** Each outage is announced once, not at each attempt. A routine reconnection is not announced. */
  #announce(name) {
    if (name === "connecting" || name === this.#announced) return;
    this.#announced = name;
    this.say(ANNOUNCEMENTS[name]);
  }
}
