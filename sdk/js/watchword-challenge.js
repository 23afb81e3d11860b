/*! @watchword/elements, Apache-2.0 */
// Takes the code of a challenge in the application's own page. It learns an outcome, never a grant: the back end claims.
// Every sentence comes from the server and becomes a text node. The input stands in the light DOM, where autofill looks.

const STYLE = `
:host{display:block;--watchword-radius:.5rem;--watchword-code-size:1.75rem;--watchword-paper:Canvas;--watchword-ink:CanvasText;
--watchword-soft:color-mix(in srgb,CanvasText 72%,Canvas);--watchword-edge:color-mix(in srgb,CanvasText 55%,Canvas);
--watchword-line:color-mix(in srgb,CanvasText 20%,Canvas);--watchword-accent:#14605a;--watchword-on-accent:#fff;
--watchword-bad:#a3201b;--watchword-focus:#1849c6}
@supports (color:light-dark(red,red)){:host{--watchword-accent:light-dark(#14605a,#6fd3c7);--watchword-on-accent:light-dark(#fff,#06231f);
--watchword-bad:light-dark(#a3201b,#ff9d96);--watchword-focus:light-dark(#1849c6,#a9c4ff)}}
[hidden],[part]:empty:not([role],input){display:none!important}
*,::slotted(*){box-sizing:border-box}
[part=box]{max-inline-size:29rem;padding:1.25rem;border:1px solid var(--watchword-line);border-radius:calc(var(--watchword-radius) + .375rem);
background:var(--watchword-paper);color:var(--watchword-ink);line-height:1.5;text-align:start;overflow-wrap:anywhere}
p,ul,h2,h3{margin:0 0 .5rem}
ul{padding-inline-start:1.25rem}
h2{font-size:1.375rem;line-height:1.25;outline:0!important}
h3,summary{font-size:1rem;font-weight:600}
[part=hint],[part=summary],[part=why],[part=wait],[part=left],[part=reference],[part=cancel]{color:var(--watchword-soft);font-size:.9375rem}
[part=sending],[part=out]{border-block-start:1px solid var(--watchword-line);margin-block-start:1rem;padding-block-start:1rem}
[part=entry]{margin-block-start:1rem}
[role]:empty,::slotted(p:empty){margin:0}
[part=status]:not(:empty),[part=alert]:not(:empty){margin-block:.75rem;padding:.625rem .75rem;
border:1px solid var(--watchword-accent);border-inline-start-width:4px;border-radius:var(--watchword-radius)}
button{display:block;inline-size:100%;min-block-size:2.75rem;margin:0 0 .5rem;padding:.5rem 1rem;border:1px solid var(--watchword-edge);
border-radius:var(--watchword-radius);background:none;color:inherit;font:inherit;cursor:pointer;overflow-wrap:anywhere}
[part=submit]{min-block-size:3rem;border:2px solid transparent;background:var(--watchword-accent);color:var(--watchword-on-accent)}
[part=submit],[part=not-me],[part=alert]:not(:empty),.failed,[part=brand],::slotted(label),::slotted([role=alert]){font-weight:600}
[part=not-me],[part=alert]:not(:empty),.failed,::slotted([role=alert]){border-color:var(--watchword-bad);color:var(--watchword-bad)}
[part=cancel]{border-color:transparent;text-decoration:underline}
[aria-disabled=true]{opacity:.6;cursor:default}
summary{min-block-size:2.75rem;padding-block:.625rem;cursor:pointer}
[part=trust]{display:grid;grid-template-columns:2rem 1fr;margin-block-end:.75rem}
[part=trust] label{padding-block:.25rem;cursor:pointer}
[part=trust] p{grid-column:2;margin:0}
[part=trust] input{inline-size:1.5rem;block-size:1.5rem;margin:.25rem 0;accent-color:var(--watchword-accent)}
:focus-visible,::slotted(input:focus-visible){outline:3px solid var(--watchword-focus);outline-offset:2px}
::slotted(label){display:block;margin-block-end:.375rem}
::slotted(p){margin:0 0 .5rem}
::slotted(input){display:block;inline-size:100%;min-block-size:3.5rem;margin:0 0 1rem;padding:.375rem .75rem;
border:2px solid var(--watchword-edge);border-radius:var(--watchword-radius);background:var(--watchword-paper);color:inherit;
font-family:inherit;font-weight:600;font-size:max(16px,var(--watchword-code-size))!important;letter-spacing:.2em;text-align:center;
font-variant-numeric:tabular-nums}
::slotted(input[aria-invalid=true]){border-color:var(--watchword-bad)}`;

const NAMES = ["challenge", "token", "base", "locale"];
const FIELD = {
  type: "text", inputmode: "numeric", autocomplete: "one-time-code", dir: "ltr", autocapitalize: "off",
  autocorrect: "off", spellcheck: "false", translate: "no", enterkeyhint: "done", "aria-required": "true",
};
const ON_ITS_WAY = ["queued", "accepted", "sent", "unknown"];
const FAILED = ["undelivered", "bounced", "blocked"];
// Between two looks at a message on its way: eleven in ten minutes.
const LOOKS_S = [2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233];
const COUNTED_S = 120;
const TIMEOUT_MS = 15_000;

const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children);
  return element;
};
// What stays the same is not written again, so that nothing is read aloud twice.
const write = (element, text) => {
  if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
};
const list = (element, texts) => {
  if (element.textContent !== texts.join("")) element.replaceChildren(...texts.map((text) => make("li", {}, text)));
};
// The one code that a text clearly holds, as the server reads it.
const onlyCode = (text, length) => {
  const runs = (from) => [...new Set(from.match(/\p{Nd}+/gu)?.filter((run) => [...run].length === length))];
  const whole = runs(text);
  const found = whole.length ? whole : runs(text.replace(/(?<=\p{Nd})[\s\u2010-\u2015-](?=\p{Nd})/gu, ""));
  return found.length === 1 && found[0];
};

export class WatchwordChallenge extends (globalThis.HTMLElement ?? Object) {
  static formAssociated = true;
  static observedAttributes = NAMES;
  static #sheet;
  #internals = this.attachInternals();
  #parts = {};
  #light = {};
  #life = new AbortController();
  #view; #state; #off; #asked; #busy; #unanswered; #looks; #warned; #timers = []; #otp;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    if (!WatchwordChallenge.#sheet) (WatchwordChallenge.#sheet = new CSSStyleSheet()).replaceSync(STYLE);
    root.adoptedStyleSheets = [WatchwordChallenge.#sheet];
    root.append(this.#build());
    this.addEventListener("keydown", (event) => {
      // Enter is for us, and not for a form of the application around us.
      if (event.key !== "Enter" || event.target !== this.#light.input || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.addEventListener("paste", (event) => this.#paste(event));
  }

  get state() { return this.#state ?? "loading"; }
  get #over() { return this.#state && this.#state !== "pending"; }
  get validity() { return this.#internals.validity; }
  checkValidity() { return this.#internals.checkValidity(); }
  reportValidity() { return this.#internals.reportValidity(); }
  focus(options) { (this.state === "pending" ? this.#light.input : this.#parts.title)?.focus(options); }

  connectedCallback() {
    // What a framework has set before this module came in.
    for (const name of NAMES) if (Object.hasOwn(this, name)) {
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#restart();
  }
  disconnectedCallback() { this.#stop(); }
  attributeChangedCallback(_, before, after) { if (this.isConnected && before !== after) this.#restart(); }

  #build() {
    const part = (name, tag = "p", attributes = {}, ...children) =>
      (this.#parts[name] = make(tag, { part: name, ...attributes }, ...children));
    const button = (name, act) => {
      const element = part(name, "button", { type: "button" });
      element.addEventListener("click", act);
      return element;
    };
    const retry = button("retry", () => this.#restart());
    retry.textContent = "Try again";
    return part("box", "div", {},
      part("brand"),
      part("unavailable", "div", { role: "alert" },
        make("slot", { name: "unavailable" }, "This could not be loaded. Check your connection."), retry),
      part("request", "div", {},
        part("what", "h2"), part("summary"),
        part("why", "div", {}, part("why-title", "h3"), part("reasons", "ul"),
          part("more", "details", {}, part("more-title", "summary"), part("more-reasons", "ul"))),
        part("status", "p", { role: "status" }), part("alert", "p", { role: "alert" }),
        part("entry", "div", {}, make("slot"),
          part("trust", "div", {}, part("check", "input", { type: "checkbox", id: "c", "aria-describedby": "m" }),
            part("trust-label", "label", { for: "c" }), part("trust-meaning", "p", { id: "m" })),
          button("submit", () => this.#submit()), part("hint")),
        part("sending", "div", {},
          part("heading", "h3"), part("delivery", "p", { role: "status" }), button("again", () => this.#send({})),
          part("wait"), part("ways", "div"), part("left"),
          part("help", "details", {}, part("help-title", "summary"), part("advice", "ul"))),
        part("out", "div", {},
          button("not-me", () => this.#cancel("not_me")), button("cancel", () => this.#cancel("abandoned")))),
      part("end", "div", {}, part("title", "h2", { tabindex: "-1" }), part("text"), part("next")),
      part("reference"));
  }

  // Shows one of three, or nothing at all.
  #reveal(name) {
    const { box, ...parts } = this.#parts;
    box.hidden = !name;
    for (const one of ["unavailable", "request", "end"]) parts[one].hidden = one !== name;
  }

  #write(texts) {
    const { words } = this.#view;
    Object.assign(this.#parts.box, { lang: words.language, dir: words.direction });
    for (const name in texts) write(this.#parts[name], texts[name]);
  }

  // Puts label, texts and input into the light DOM, or takes those that are there.
  #furnish() {
    if (this.#light.input?.parentNode) return;
    const input = this.querySelector("input") ?? this.appendChild(make("input"));
    const id = (input.id ||= `code-${this.challenge}`);
    for (const name in FIELD) input.setAttribute(name, FIELD[name]);
    // Lengths and patterns break pasting, and the code goes to nobody but the server that sent it.
    for (const name of ["maxlength", "pattern", "name"]) input.removeAttribute(name);
    const put = (tag, attributes) => {
      const element = make(tag, attributes);
      input.before(element);
      return element;
    };
    this.#light = {
      input,
      label: this.querySelector("label") ? {} : put("label", { for: id }),
      sent: put("p", { id: `${id}-sent` }),
      error: put("p", { id: `${id}-error`, role: "alert" }),
    };
    input.setAttribute("aria-describedby", `${id}-error ${id}-sent`);
  }

  #stop() {
    this.#life.abort();
    this.#otp?.abort();
    this.#timers.forEach(clearTimeout);
  }

  #restart() {
    this.#stop();
    const life = (this.#life = new AbortController());
    this.#timers = [];
    this.#view = this.#state = this.#unanswered = this.#warned = undefined;
    this.#asked = this.#looks = 0;
    this.#busy = false;
    this.#reveal();
    this.#parts.check.checked = false;
    if (this.#light.input) this.#say("", "", "");
    this.#internals.setFormValue(null);
    this.#internals.setValidity({ valueMissing: true }, "…");
    document.addEventListener("visibilitychange", () => this.#look(), { signal: life.signal });
    // Attributes are set one after the other: they are read when all are there.
    queueMicrotask(() => {
      if (!life.signal.aborted && this.challenge && this.token) this.#begin();
    });
  }

  async #begin() {
    const life = this.#life;
    try {
      await this.#load();
    } catch (error) {
      if (life.signal.aborted) return;
      this.#reveal("unavailable");
      return this.#tell("error", { code: error.code });
    }
    if (life.signal.aborted || this.state !== "pending") return;
    if (this.hasAttribute("autofocus")) this.focus();
    this.#tick();
    this.#plan();
    this.#listen();
  }

  async #ask(path, body) {
    const life = this.#life;
    const text = body && JSON.stringify(body);
    // What was not answered is asked again with the same key, so that it never happens twice.
    if (text && this.#unanswered?.what !== path + text)
      this.#unanswered = { what: path + text, key: crypto.getRandomValues(new Uint32Array(4)).join("-") };
    let answer, found;
    try {
      answer = await fetch(`${this.base.replace(/\/+$/, "")}/v1/challenges/${encodeURIComponent(this.challenge)}${path}`, {
        method: body ? "POST" : "GET",
        body: text,
        headers: {
          Authorization: `Bearer ${this.token}`,
          ...(body && { "Content-Type": "application/json", "Idempotency-Key": this.#unanswered.key }),
        },
        cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      found = await answer.json();
    } catch { /* told below */ }
    if (life.signal.aborted) throw { code: "gone" };
    if (!found) throw { code: answer ? "service_unavailable" : "offline" };
    if (body && answer.status < 500) this.#unanswered = undefined;
    if (!answer.ok) throw { code: found.code, wait_s: found.retry_after };
    return found;
  }

  async #load() {
    const asked = ++this.#asked;
    const tag = this.locale || this.closest("[lang]")?.lang || navigator.language;
    const view = await this.#ask(`?words=${tag.split(/[^\w-]/)[0] || "en"}`);
    // An answer that something newer has overtaken counts no more.
    if (asked !== this.#asked || this.#over) return;
    this.#view = view;
    this.#off = Date.parse(view.words.now) - Date.now();
    if (view.state === "pending") this.#show();
    else this.#finish(view.state);
  }

  #show() {
    const { words, delivery, expires_at: ends } = this.#view;
    const parts = this.#parts;
    const { label: asks, why, ways } = words;
    this.#state = "pending";
    this.#furnish();
    const { input, label, sent, error } = this.#light;
    label.lang = sent.lang = error.lang = words.language;
    write(label, asks);
    write(sent, asks && words.sent);
    this.#write({
      brand: words.brand, what: words.what, summary: words.summary, "why-title": words.why_title,
      "more-title": words.why_more, "trust-label": words.trust, "trust-meaning": words.trust_meaning, submit: words.verb,
      hint: `${this.#at(words.valid_until, ends)} ${words.never_shared}`, heading: asks ? words.no_code : words.sent,
      delivery: words.delivery && this.#at(words.delivery, delivery.updated_at), again: words.again,
      left: words.sends_left, "help-title": words.more_help, "not-me": words.not_me, cancel: words.cancel,
      reference: words.reference,
    });
    list(parts.reasons, why.slice(0, 2));
    list(parts["more-reasons"], why.slice(2));
    list(parts.advice, words.help.map(({ text, time }) => this.#at(text, time)));
    parts.more.hidden = why.length < 3;
    parts.entry.hidden = !asks;
    parts.trust.hidden = !words.trust;
    parts.delivery.classList.toggle("failed", !delivery.going_on && FAILED.includes(delivery.status));
    if (parts.ways.dataset.of !== JSON.stringify(ways)) {
      parts.ways.dataset.of = JSON.stringify(ways);
      parts.ways.replaceChildren(...ways.map(({ label: text, ...where }) => {
        const way = make("button", { type: "button", part: `way ${where.channel}` }, text);
        way.addEventListener("click", () => this.#send(where));
        return way;
      }));
    }
    this.#reveal("request");
    this.#internals.role = "group";
    this.#internals.ariaLabel = words.what;
    this.#internals.setValidity({ valueMissing: true }, asks ?? words.sent, asks ? input : undefined);
    this.#count();
  }

  // Every second, and not read aloud: how long until the next message, and whether time is up.
  async #tick() {
    const life = this.#life;
    if (this.state !== "pending") return;
    const left_ms = Date.parse(this.#view.expires_at) - this.#now();
    this.#count();
    if (left_ms <= 0 && !this.#busy) await this.#load().catch(({ code }) => code !== "gone" && this.#finish("expired"));
    else if (left_ms <= 60_000 && !this.#warned) write(this.#parts.status, (this.#warned = this.#view.words.expires_soon));
    if (!life.signal.aborted) this.#timers[0] = setTimeout(() => this.#tick(), 1_000);
  }

  #count() {
    const { words, resend_at: free } = this.#view;
    const wait_s = words.waits !== "none" ? Math.ceil((Date.parse(free) - this.#now()) / 1_000) : 0;
    write(this.#parts.wait, this.#until(wait_s, free));
    for (const button of [this.#parts.again, ...this.#parts.ways.children])
      button.ariaDisabled = wait_s > 0 && (words.waits === "all" || button === this.#parts.again) ? "true" : null;
  }

  #until(wait_s, free) {
    const { words } = this.#view;
    return wait_s <= 0 ? "" : wait_s > COUNTED_S ? this.#at(words.wait_until, free) : this.#form(words.wait, wait_s);
  }

  // Looks after a message on its way: less and less often, and never while nobody sees it.
  #plan() {
    clearTimeout(this.#timers[1]);
    const { status, going_on: goesOn } = this.#view.delivery;
    if (this.state !== "pending" || document.hidden || !(goesOn || ON_ITS_WAY.includes(status))) return;
    const pause_s = LOOKS_S[this.#looks++];
    if (pause_s) this.#timers[1] = setTimeout(() => this.#look(), pause_s * 1_000);
  }

  async #look() {
    clearTimeout(this.#timers[1]);
    if (this.state !== "pending" || document.hidden) return;
    if (!this.#busy) await this.#load().catch(() => {});
    this.#plan();
  }

  // Takes the code of a text message where the browser offers it; it is still a person who presses the button.
  #listen() {
    this.#otp?.abort();
    if (!("OTPCredential" in globalThis) || !navigator.credentials) return;
    const { signal } = (this.#otp = new AbortController());
    navigator.credentials.get({ otp: { transport: ["sms"] }, signal }).then((found) => {
      if (signal.aborted || !found?.code || this.#light.input.value) return;
      this.#light.input.value = found.code;
      this.#parts.submit.focus();
    }, () => { /* no message came, or the person declined */ });
  }

  #paste(event) {
    const { input } = this.#light;
    if (event.target !== input) return;
    const text = event.clipboardData?.getData("text") ?? "";
    const code = onlyCode(text, this.#view.code_length);
    // A field of one line would glue lines together, and the digits at their ends with them.
    if (!code && !/[\r\n]/.test(text)) return;
    event.preventDefault();
    if (code) input.value = code;
    else input.setRangeText(text.replace(/[\r\n]+/g, " "), input.selectionStart, input.selectionEnd, "end");
  }

  // One thing at a time: what is pressed again meanwhile is not done twice.
  async #act(work) {
    if (this.#busy || this.state !== "pending") return;
    const life = this.#life;
    this.#busy = true;
    this.#asked++;
    this.#parts.box.ariaBusy = "true";
    this.#say("", "");
    try {
      await work();
    } catch (error) {
      if (!life.signal.aborted) await this.#refuse(error);
    } finally {
      if (life === this.#life) {
        this.#busy = false;
        this.#parts.box.ariaBusy = null;
      }
    }
  }

  #submit() {
    this.#act(async () => {
      const { words, code_length: length } = this.#view;
      const { input } = this.#light;
      const text = input.value;
      if (!text.trim()) return this.#wrong(words.hints.empty);
      const tried = await this.#ask("/attempts", { code: text, trust_device: this.#parts.check.checked });
      const left = tried.attempts_left;
      if (tried.outcome === "malformed") {
        const digits = text.match(/\p{Nd}/gu)?.length ?? 0;
        const unclear = /\p{L}/u.test(text) || !digits || digits === length;
        return this.#wrong(unclear ? words.outcomes.malformed : words.hints[digits < length ? "short" : "long"]);
      }
      if (tried.outcome === "budget_exhausted") return this.#wrong(
        `${words.outcomes.budget_exhausted} ${this.#at(words.try_after, this.#now() + 1_000 * tried.retry_after)}`);
      if (["incorrect", "superseded"].includes(tried.outcome) && left > 0) {
        input.value = "";
        return this.#wrong(`${words.outcomes[tried.outcome]} ${this.#form(words.tries_left, left)}`);
      }
      const ends = { already_approved: "approved", incorrect: "exhausted", superseded: "exhausted" };
      await this.#end(ends[tried.outcome] ?? tried.outcome);
    });
  }

  #send(where) {
    const waits = [this.#parts.again, ...this.#parts.ways.children].find((button) => button.ariaDisabled);
    if (waits && (!where.channel || this.#view.words.waits === "all")) return;
    this.#act(async () => {
      const { words, sent_to: before } = this.#view;
      const view = await this.#ask("/deliveries", where);
      const to = view.sent_to;
      const same = to && before && to.contact_id === before.contact_id && to.channel === before.channel;
      this.#view = { ...view, words };
      this.#looks = 0;
      await this.#load().catch(() => this.#show());
      if (this.state !== "pending" || !this.isConnected) return;
      this.#say(words.news[same ? "sent_again" : "sent_new"], "", "");
      this.#tell("sent", { channel: to?.channel ?? where.channel ?? null });
      this.focus();
      this.#plan();
      this.#listen();
    });
  }

  #cancel(reason) {
    this.#act(async () => {
      const { state } = await this.#ask("/cancel", { reason });
      await this.#end(state);
    });
  }

  async #refuse({ code, wait_s }) {
    const { refusals } = this.#view.words;
    this.#tell("error", { code });
    if (code === "challenge_ended") return this.#load().catch(() => {});
    const late = code === "resend_too_soon" && this.#until(wait_s, this.#now() + 1_000 * wait_s);
    this.#say("", late || (refusals[code] ?? refusals.service_unavailable));
  }

  #wrong(text) {
    const { input, error } = this.#light;
    write(error, text);
    input.ariaInvalid = "true";
    input.focus();
    input.select();
  }

  #say(status, alert, value) {
    const { input, error } = this.#light;
    write(this.#parts.status, status);
    write(this.#parts.alert, alert);
    write(error, "");
    input.ariaInvalid = null;
    input.value = value ?? input.value;
  }

  // The server knows best how it ended.
  async #end(state) {
    if (state !== "approved") await this.#load().catch(() => {});
    this.#finish(state);
  }

  #finish(state) {
    if (this.#over) return;
    const { words, id } = this.#view;
    const had = this.matches(":focus-within");
    this.#state = state;
    this.#timers.forEach(clearTimeout);
    this.#otp?.abort();
    if (this.#light.input) this.#say("", "", "");
    this.#write({ brand: words.brand, ...words.ends[state], reference: state === "approved" ? "" : words.reference });
    this.#reveal("end");
    if (state === "approved") {
      this.#internals.setFormValue(id);
      this.#internals.setValidity({});
    }
    if (had) this.focus();
    if (["approved", "denied", "cancelled"].includes(state)) this.#tell(state, { state });
    this.#tell("ended", { state });
  }

  // Nothing in an event is secret.
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`watchword:${name}`, {
      bubbles: true, composed: true, detail: { challenge: this.challenge, ...detail },
    }));
  }

  #now() { return Date.now() + this.#off; }

  #at(text, moment) {
    if (!moment) return text;
    const when = new Date(moment);
    const today = when.toDateString() === new Date().toDateString();
    const style = today ? { timeStyle: "short" } : { dateStyle: "long", timeStyle: "short" };
    return text.replace("{time}", `\u2068${new Intl.DateTimeFormat(`${this.#view.words.language}-u-nu-latn`, style).format(when)}\u2069`);
  }

  #form(forms, number) {
    const category = new Intl.PluralRules(this.#view.words.language).select(number);
    return (forms[category] ?? forms.other).replace("{n}", number);
  }
}

for (const name of NAMES)
  Object.defineProperty(WatchwordChallenge.prototype, name, {
    get() { return this.getAttribute(name) ?? ""; },
    set(value) { this.setAttribute(name, value); },
  });

if (globalThis.customElements && !customElements.get("watchword-challenge"))
  customElements.define("watchword-challenge", WatchwordChallenge);
