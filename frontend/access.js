/**
 * The token that the page connects with, if the service requires one.
 *
 * It is kept in this tab's session storage only. It never appears in the page's text, and `#token=…` is removed from the
 * address as soon as it was read. Browsers send a fragment to no server, so an issuer of tokens can link to the page.
 */

import { describe, mayBeOffered, tidy } from "./token.js";

const STORED_TOKEN = "token";
const FRAGMENT_PARAMETER = "token";

export class Access {
  #menu;
  #form;
  #field;
  #problem;
  #inUse;
  #note;
  #onChange;
  #token;

  /**
   * `menu` opens on the `form` with the `field`. `inUse` contains what is shown while a token is in use: a `note` about it,
   * and `forget`. `onChange` is called when the user enters another token or removes it.
   */
  constructor({ menu, form, field, problem, inUse, note, forget, onChange }) {
    this.#menu = menu;
    this.#form = form;
    this.#field = field;
    this.#problem = problem;
    this.#inUse = inUse;
    this.#note = note;
    this.#onChange = onChange;
    this.#token = stored() ?? "";
    this.#takeFragment();
    this.#show();
    menu.addEventListener("toggle", () => this.#toggled());
    field.addEventListener("input", () => this.#showProblem(""));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    forget.addEventListener("click", () => this.#chosen(""));
    // A link to this page with another token: the browser does not reload the page.
    addEventListener("hashchange", () => this.#takeFragment() && this.#changed());
  }

  /** The token to connect with, or "". */
  get token() {
    return this.#token;
  }

  /** Opens the menu in which a token can be entered. */
  open() {
    this.#menu.open = true;
    this.#field.focus();
  }

  #submit() {
    const token = tidy(this.#field.value);
    if (token === "") return;
    if (mayBeOffered(token)) this.#chosen(token);
    else this.#showProblem("This has characters that a browser cannot send in a token.");
  }

  #chosen(token) {
    this.#keep(token);
    this.#menu.open = false;
    this.#menu.querySelector("summary").focus();
    this.#changed();
  }

  #changed() {
    this.#show();
    this.#onChange();
  }

  #keep(token) {
    this.#token = token;
    store(token);
  }

  /** Moves a token from the address to the storage. Returns whether there was one. */
  #takeFragment() {
    const token = tidy(new URLSearchParams(location.hash.slice(1)).get(FRAGMENT_PARAMETER) ?? "");
    if (token === "") return false;
    history.replaceState(null, "", location.pathname + location.search);
    if (!mayBeOffered(token)) return false;
    this.#keep(token);
    return true;
  }

  /** When the menu closes, the input is cleared. When it opens, the token is judged again. */
  #toggled() {
    if (this.#menu.open) return this.#show();
    this.#form.reset();
    this.#showProblem("");
  }

  #show() {
    this.#menu.dataset.inUse = this.#token !== "";
    this.#inUse.hidden = this.#token === "";
    this.#note.textContent = describe(this.#token, new Date());
  }

  #showProblem(text) {
    this.#problem.textContent = text;
    this.#problem.hidden = text === "";
    this.#field.setAttribute("aria-invalid", String(text !== ""));
  }
}

/** Storage may be disabled. The token then lasts as long as the page. */
function stored() {
  try {
    return sessionStorage.getItem(STORED_TOKEN);
  } catch {
    return null;
  }
}

function store(token) {
  try {
    if (token) sessionStorage.setItem(STORED_TOKEN, token);
    else sessionStorage.removeItem(STORED_TOKEN);
  } catch {
    // See `stored`.
  }
}
