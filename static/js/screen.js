// The rotating code on a screen. A classic script for browsers of ten years ago: no modules, arrow
// functions, fetch or promises are needed. Where even these parts are missing, the page reloads itself
// (the timer set in the page), as it does without script.
//
// The server sends the codes of the next half hour and its own time. This script turns them over by the
// server's time, asks again every minute, and when it has had no network for longer than its codes last
// it says so. The key never comes here.

(function () {
  "use strict";

  var root = document.getElementById("code-screen");
  var namespace = "http://www.w3.org/2000/svg";
  if (!root || !window.XMLHttpRequest || !window.JSON || !document.createElementNS ||
      !document.createElementNS(namespace, "svg").createSVGRect) return;
  clearTimeout(window.codeReload);

  var ASK_AGAIN = 60 * 1000;
  var ASK_AGAIN_AFTER_FAILURE = 10 * 1000;
  var TIMEOUT = 15 * 1000;
  var RING = 282.74;

  var step = Number(root.getAttribute("data-step")) * 1000;
  var opened = new Date().getTime();
  // The code that the page came with is shown until the first answer, or until it runs out.
  var firstEndsAt = opened + Number(root.getAttribute("data-left")) * 1000;
  var skew = null;
  var codes = [];
  var shown = null;
  var state = "on";
  var failing = false;
  var signedOut = false;

  function part(id) { return document.getElementById(id); }
  function show(id, wanted) {
    var element = part(id);
    if (!element) return;
    if (wanted) element.removeAttribute("hidden"); else element.setAttribute("hidden", "");
  }
  function setText(id, words) {
    var element = part(id);
    if (element && element.textContent !== words) element.textContent = words;
  }
  function deviceNow() { return new Date().getTime(); }
  function serverNow() { return deviceNow() + (skew || 0); }

  // ---- drawing ---------------------------------------------------------------------------------

  /** A row of modules, sent as a hexadecimal number, as a string of 0 and 1. */
  function bits(row, size) {
    var found = "";
    for (var i = 0; i < row.length; i++) {
      found += ("000" + parseInt(row.charAt(i), 16).toString(2)).slice(-4);
    }
    while (found.length < size) found = "0" + found;
    return found.slice(found.length - size);
  }

  function path(rows) {
    var zone = 4, drawn = "";
    for (var y = 0; y < rows.length; y++) {
      var row = bits(rows[y], rows.length), x = 0;
      while ((x = row.indexOf("1", x)) >= 0) {
        var end = row.indexOf("0", x);
        if (end < 0) end = rows.length;
        drawn += "M" + (x + zone) + " " + (y + zone) + "h" + (end - x) + "v1h-" + (end - x) + "z";
        x = end;
      }
    }
    return drawn;
  }

  function draw(code) {
    var size = code.rows.length + 8;
    part("code-panel").innerHTML =
      '<svg xmlns="' + namespace + '" class="qr" viewBox="0 0 ' + size + " " + size +
      '" shape-rendering="crispEdges" aria-hidden="true"><path fill="#fff" d="M0 0h' + size + "v" + size +
      'H0z"/><path fill="#000" d="' + path(code.rows) + '"/></svg>';
    setText("code-typed", code.typed);
    shown = code.starts_at;
  }

  // ---- every quarter of a second ---------------------------------------------------------------

  function current(at) {
    for (var i = 0; i < codes.length; i++) {
      if (codes[i].starts_at <= at && at < codes[i].ends_at) return codes[i];
    }
    return null;
  }

  function tick() {
    var at = serverNow(), code = current(at), left = 0, visible = false;
    if (state === "on" && code) {
      if (shown !== code.starts_at) draw(code);
      left = code.ends_at - at;
      visible = true;
    } else if (state === "on" && skew === null && deviceNow() < firstEndsAt) {
      left = firstEndsAt - deviceNow();
      visible = true;
    }
    show("code-panel", visible);
    show("code-timer", visible);
    show("code-typed", visible);
    show("code-signed-out", signedOut && !visible && state === "on");
    show("code-offline", !signedOut && !visible && state === "on");
    show("code-ended", state !== "on");
    if (visible) countDown(left);
    tellLost(at, visible);
  }

  function countDown(left) {
    var seconds = Math.max(1, Math.ceil(left / 1000)), ring = part("ring");
    setText("code-seconds", String(seconds));
    ring.setAttribute("stroke-dashoffset", String(RING * (1 - Math.min(left / step, 1))));
    ring.setAttribute("class", seconds <= 5 ? "ring-left ring-soon" : "ring-left");
  }

  function tellLost(at, visible) {
    var lost = part("code-lost"), last = codes.length ? codes[codes.length - 1].ends_at : at;
    var minutes = Math.max(0, Math.floor((last - at) / 60000));
    if (failing && visible && codes.length) {
      setText("code-lost", lost.getAttribute("data-words").replace("{minutes}", String(minutes)));
      show("code-lost", true);
    } else {
      show("code-lost", false);
    }
  }

  // ---- asking the server -----------------------------------------------------------------------

  function ask() {
    var request = new XMLHttpRequest(), sent = deviceNow(), answered = false;
    function done(ok) {
      if (answered) return;
      answered = true;
      failing = !ok;
      setTimeout(ask, ok ? ASK_AGAIN : ASK_AGAIN_AFTER_FAILURE);
      tick();
    }
    try {
      request.open("GET", root.getAttribute("data-codes"), true);
      request.timeout = TIMEOUT;
      request.onload = function () { done(take(request, sent)); };
      request.onerror = request.ontimeout = request.onabort = function () { done(false); };
      request.send();
    } catch (_error) {
      done(false);
    }
    // Old browsers know no timeout of a request.
    setTimeout(function () { done(false); }, TIMEOUT + 1000);
  }

  function take(request, sent) {
    var answer = null;
    if (request.status !== 200) {
      signedOut = request.status === 401 || request.status === 403 || request.status === 404;
      return false;
    }
    try {
      answer = JSON.parse(request.responseText);
    } catch (_error) {
      signedOut = true; // the sign-in page came instead
      return false;
    }
    signedOut = false;
    // The server spoke about half-way between asking and hearing.
    skew = answer.server_now - (sent + deviceNow()) / 2;
    codes = answer.codes;
    state = answer.state;
    setText("code-count", String(answer.people));
    return true;
  }

  // ---- the whole screen, and staying awake -------------------------------------------------------

  var page = document.documentElement;
  var enter = page.requestFullscreen || page.webkitRequestFullscreen || page.mozRequestFullScreen ||
    page.msRequestFullscreen;
  var button = part("full-screen");
  if (enter && button) {
    show("full-screen", true);
    button.onclick = function () {
      var left = document.exitFullscreen || document.webkitExitFullscreen ||
        document.mozCancelFullScreen || document.msExitFullscreen;
      var inside = document.fullscreenElement || document.webkitFullscreenElement ||
        document.mozFullScreenElement || document.msFullscreenElement;
      if (inside) left.call(document); else enter.call(page);
    };
  }

  function stayAwake() {
    if (!navigator.wakeLock || document.hidden) return;
    // Refused on plain http and when the battery is low: the screen then goes dark as it always does.
    navigator.wakeLock.request("screen").then(null, function () {});
  }

  if (document.addEventListener) {
    document.addEventListener("visibilitychange", function () {
      stayAwake();
      tick();
    });
  }

  stayAwake();
  tick();
  ask();
  setInterval(tick, 250);
})();
