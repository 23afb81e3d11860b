// A plain store page that asks for a code where the store's back end says so.
//
// The page learns whether the code was right, and nothing more. Whether the order goes through is decided between the
// back end and Watchword: the page only says "look now".
import "./watchword-challenge.js";

const buy = document.getElementById("buy");
const proof = document.getElementById("proof");
const news = document.getElementById("news");

// The back end's own addresses; JSON with a session cookie, so that no other site can post here.
const ask = async (path) => {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
};

// Every answer of the back end is one of: placed, refused, or a challenge to be proven first.
const go = ({ outcome, challenge, token, base }) => {
  proof.replaceChildren();
  buy.disabled = outcome !== "refused";
  if (outcome === "placed") news.textContent = "Thank you. Your order is placed.";
  if (outcome === "refused") news.textContent = "Your order was not placed.";
  if (outcome !== "challenge") return;
  news.textContent = "";
  const element = document.createElement("watchword-challenge");
  Object.assign(element, { challenge, token, base });
  element.addEventListener("watchword:ended", () => ask("/finish").then(go, fail), { once: true });
  proof.append(element);
  element.scrollIntoView({ block: "nearest" });
};

const fail = () => {
  buy.disabled = false;
  news.textContent = "The store does not answer. Try again.";
};

buy.addEventListener("click", () => {
  buy.disabled = true;
  ask("/buy").then(go, fail);
});
