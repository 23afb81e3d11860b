/** How a challenge ended. */
export type EndState = "approved" | "denied" | "cancelled" | "exhausted" | "expired";

/** What a message travels by. */
export type Channel = "sms" | "voice" | "whatsapp" | "email";

/** What every event tells: whose it is. No event holds a code, a token, an address or a grant. */
export interface ChallengeDetail {
  readonly challenge: string;
}

export interface EndDetail<State extends EndState = EndState> extends ChallengeDetail {
  readonly state: State;
}

export interface SentDetail extends ChallengeDetail {
  /** Null where a concealed challenge does not say whether anything left. */
  readonly channel: Channel | null;
}

export interface ErrorDetail extends ChallengeDetail {
  /** The `code` of the server's problem, or `offline` where it did not answer. */
  readonly code: string;
}

/** All events bubble and cross shadow roots. */
export interface WatchwordEvents {
  /** The code was right: let the back end claim. The page has learned nothing that it could pass on as a proof. */
  "watchword:approved": CustomEvent<EndDetail<"approved">>;
  /** The customer said "this wasn't me". */
  "watchword:denied": CustomEvent<EndDetail<"denied">>;
  /** The customer gave up, or a newer challenge took its place. */
  "watchword:cancelled": CustomEvent<EndDetail<"cancelled">>;
  /** It is over, whatever the end; comes last, and once for each challenge. */
  "watchword:ended": CustomEvent<EndDetail>;
  /** A further message was ordered. */
  "watchword:sent": CustomEvent<SentDetail>;
  /** Something was refused, or nobody answered. The customer has been told in the element. */
  "watchword:error": CustomEvent<ErrorDetail>;
}

/** The attributes, for the type definitions of a framework's templates. */
export interface WatchwordChallengeAttributes {
  /** `challenge.id` of the action's answer: `chl_…`. */
  challenge?: string;
  /** `challenge.token` of the action's answer: `wct_…`. Good for this one challenge, and never for a grant. */
  token?: string;
  /** Public address of the Watchword server, such as `https://verify.shop.example`. */
  base?: string;
  /** BCP 47 tag of the language; without it that of the page, else that of the browser. */
  locale?: string;
  /** Takes the focus when the challenge is shown. */
  autofocus?: boolean;
  /** Under this name a form around it sends the challenge's id, once it is approved. */
  name?: string;
}

/** The names for `watchword-challenge::part(…)`. */
export type WatchwordPart =
  | "box" | "brand"
  | "unavailable" | "retry"
  | "request" | "what" | "summary"
  | "why" | "why-title" | "reasons" | "more" | "more-title" | "more-reasons"
  | "status" | "alert"
  | "entry" | "trust" | "check" | "trust-label" | "trust-meaning" | "submit" | "hint"
  | "sending" | "heading" | "delivery" | "again" | "wait" | "ways" | "way" | "sms" | "voice" | "whatsapp" | "email" | "left"
  | "help" | "help-title" | "advice"
  | "out" | "not-me" | "cancel"
  | "end" | "title" | "text" | "next"
  | "reference";

/** The custom properties for colours and sizes, to be set on the element itself. */
export type WatchwordProperty =
  | "--watchword-accent" | "--watchword-on-accent" | "--watchword-paper" | "--watchword-ink" | "--watchword-soft"
  | "--watchword-line" | "--watchword-edge" | "--watchword-bad" | "--watchword-focus"
  | "--watchword-radius" | "--watchword-code-size";

/** `<watchword-challenge>`: takes the code of one challenge in the application's own page. */
export declare class WatchwordChallenge extends HTMLElement {
  static readonly formAssociated: true;
  static readonly observedAttributes: readonly string[];
  challenge: string;
  token: string;
  base: string;
  locale: string;
  /** `loading` until the server has answered. */
  readonly state: "loading" | "pending" | EndState;
  /** `valueMissing` until the challenge is approved. */
  readonly validity: ValidityState;
  checkValidity(): boolean;
  reportValidity(): boolean;
  addEventListener<Name extends keyof WatchwordEvents>(
    type: Name,
    listener: (this: WatchwordChallenge, event: WatchwordEvents[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof WatchwordEvents>(
    type: Name,
    listener: (this: WatchwordChallenge, event: WatchwordEvents[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "watchword-challenge": WatchwordChallenge;
  }
  interface DocumentEventMap extends WatchwordEvents {}
}
