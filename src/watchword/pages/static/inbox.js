// Looks for new messages without moving the page; without it the page loads itself anew.
(function () {
  "use strict";
  var every = 2000;
  var messages = document.getElementById("messages");
  var news = document.getElementById("news");
  // What the server sent last; what stands in the page has its times written in the reader's own way.
  var sent = messages.innerHTML;

  var localTimes = function () {
    messages.querySelectorAll("time").forEach(function (time) {
      time.textContent = new Date(time.dateTime).toLocaleTimeString();
    });
  };

  var take = function (text) {
    var fresh = new DOMParser().parseFromString(text, "text/html").getElementById("messages");
    if (!fresh || fresh.innerHTML === sent) return;
    var more = fresh.querySelectorAll("article").length - messages.querySelectorAll("article").length;
    sent = fresh.innerHTML;
    messages.innerHTML = sent;
    localTimes();
    if (more > 0) news.textContent = more === 1 ? "One new message" : more + " new messages";
  };

  var look = function () {
    if (document.hidden) return;
    fetch(location.href, { cache: "no-store" })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (text) { if (text) take(text); })
      .catch(function () { /* The server is away, perhaps restarting: the next look will tell. */ });
  };

  localTimes();
  setInterval(look, every);
  document.addEventListener("visibilitychange", look);
})();
