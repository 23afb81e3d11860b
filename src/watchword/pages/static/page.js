// Makes the page kinder; without it everything works. No library; it only asks how the message is doing, and sends nothing
// by itself.
(function () {
  "use strict";
  var main = document.querySelector("main[data-now]");
  if (!main) return;
  var language = document.documentElement.lang;
  var plural = new Intl.PluralRules(language);
  // A reader of this language keeps his own country's manner of writing times.
  var country = (navigator.language || "").split("-")[0] === language.split("-")[0] ? navigator.language : language;
  // The server's clock counts: how far this one is off is fixed when the page comes in.
  var off = Number(main.dataset.now) - Date.now();
  var ends = Number(main.dataset.ends);
  var now = function () { return Date.now() + off; };

  // In the digits and the calendar of everything else on the page: its amounts, its code, and days from the server.
  var clock = { hour: "numeric", minute: "2-digit", numberingSystem: "latn", calendar: "gregory" };
  var day = Object.assign({ day: "numeric", month: "long" }, clock);
  var written = function (when, form) { return new Intl.DateTimeFormat(country, form).format(when); };
  document.querySelectorAll("time[data-local]").forEach(function (time) {
    time.textContent = written(new Date(time.dateTime), time.dataset.local === "day" ? day : clock);
  });

  // The same code is not asked for twice by an impatient finger. (Returning by "back" makes the buttons live again.)
  var sent = new Set();
  document.addEventListener("submit", function (event) {
    if (sent.has(event.target) || event.target.querySelector("[aria-disabled=true]")) event.preventDefault();
    else sent.add(event.target);
  });
  window.addEventListener("pageshow", function () { sent.clear(); });

  // Counts down to the moment when the server takes the next request for a message.
  var wait = document.querySelector("[data-wait-s]");
  if (wait) {
    var forms = JSON.parse(wait.dataset.forms);
    var waiting = document.querySelectorAll("form[data-waits]");
    var free = now() + Number(wait.dataset.waitS) * 1000;
    var tick = function () {
      var left = Math.ceil((free - now()) / 1000);
      waiting.forEach(function (form) {
        var button = form.querySelector("button");
        if (left > 0) return button.setAttribute("aria-disabled", "true");
        button.removeAttribute("aria-disabled");
        button.removeAttribute("aria-describedby");
      });
      if (left <= 0) return wait.remove();
      wait.textContent = (forms[plural.select(left)] || forms.other).replace("{n}", left);
      setTimeout(tick, 250);
    };
    tick();
  }

  // Asks what became of the message, and whether the request has ended: less and less often, and never in the background.
  var live = document.querySelector("[data-live]");
  var hint = document.querySelector("[data-sent]");
  if (live) {
    var pause = 2000;
    var later = function () { setTimeout(ask, pause); pause = Math.min(pause * 1.5, 20000); };
    var ask = function () {
      if (document.hidden) return document.addEventListener("visibilitychange", ask, { once: true });
      fetch(live.dataset.live, { cache: "no-store" }).then(function (answer) { return answer.json(); }).then(function (news) {
        if (sent.size) return;
        if (news.state !== "pending") return location.reload();
        // The code that was asked for is dead: the page without its field leads on.
        if (hint && !news.takes_code) return location.reload();
        if (news.settled) pause = 20000;
        if (hint && hint.dataset.sent !== news.sent_key) {
          hint.dataset.sent = news.sent_key;
          hint.textContent = news.sent;
        }
        var praise = document.querySelector("#news.good");
        if (news.failed && praise) praise.remove();
        if (news.delivery && !live.hasAttribute("data-settled")) {
          var text = news.delivery.replace("{time}", news.time ? written(new Date(news.time), clock) : "");
          if (live.textContent !== text) live.textContent = text;
          live.classList.toggle("bad", news.failed);
          live.classList.toggle("notice", news.failed);
        }
        later();
      }).catch(later);
    };
    later();
  }

  // Only two things are said aloud: one minute left, and over.
  var status = document.querySelector("[data-soon]");
  if (status) {
    var say = function (text) { if (status.textContent !== text) status.textContent = text; };
    var watch = function () {
      var left = ends - now();
      if (left <= 0) {
        status.classList.add("bad");
        return say(status.dataset.over);
      }
      if (left <= 60000) say(status.dataset.soon);
      setTimeout(watch, Math.min(1000, left));
    };
    watch();
  }

  var input = document.getElementById("code");
  if (!input) return;
  var length = Number(input.form.dataset.codeLength);

  // Shows a pasted code without its spaces; whatever is not clearly one code is left as it was pasted.
  input.addEventListener("paste", function (event) {
    var text = event.clipboardData ? event.clipboardData.getData("text") : "";
    var digits = text.replace(/[\s\u2010-\u2015-]/g, "");
    if (digits.length !== length || !/^[0-9]+$/.test(digits)) return;
    event.preventDefault();
    input.value = digits;
  });

  // WebOTP where the browser has it: the code is filled in, and it is still a person who presses the button.
  if ("OTPCredential" in window && navigator.credentials) {
    var stop = new AbortController();
    input.form.addEventListener("submit", function () { stop.abort(); });
    window.addEventListener("pagehide", function () { stop.abort(); });
    navigator.credentials.get({ otp: { transport: ["sms"] }, signal: stop.signal }).then(function (otp) {
      if (otp && otp.code && !input.value) {
        input.value = otp.code;
        input.form.querySelector("button").focus();
      }
    }).catch(function () { /* no message came, or the person declined */ });
  }
})();
