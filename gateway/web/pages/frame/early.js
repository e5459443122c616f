// Runs in every page before the page is drawn. It applies the chosen view. It also opens the page again,
// after a pause that differs between devices, where the page's script did not arrive, is broken, or does not
// start.

import { REOPENED_PLACE, VIEW_PLACE } from "../../lib/started.js";

(function () {
  var root = document.documentElement, WATCH_MS = 20000, PAUSE_S = 3, PAUSE_S_MAX = 60;
  /** @param {Storage} storage @param {string} place */
  function stored(storage, place) {
    try {
      return JSON.parse(storage.getItem(place) || "null");
    } catch (fault) {
      return null;
    }
  }
  var view = stored(localStorage, VIEW_PLACE) || {};
  root.dataset.language = view.language || "both";
  root.dataset.size = view.size || "normal";
  var isReopening = false;
  function reopen() {
    if (isReopening || root.dataset.started) {
      return;
    }
    isReopening = true;
    var times = stored(sessionStorage, REOPENED_PLACE) || 0;
    try {
      sessionStorage.setItem(REOPENED_PLACE, String(times + 1));
    } catch (fault) {
      times = 4;
    }
    var seconds = Math.ceil(Math.min(PAUSE_S_MAX, PAUSE_S * Math.pow(2, times)) * (0.5 + Math.random()));
    var line = document.getElementById("reopening");
    (function count() {
      if (seconds <= 0) {
        location.reload();
        return;
      }
      if (line) {
        line.hidden = false;
        Array.prototype.forEach.call(line.children, function (text) {
          text.dataset.text = text.dataset.text || text.textContent;
          text.textContent = text.dataset.text.replace("{seconds}", String(seconds));
        });
      }
      seconds -= 1;
      setTimeout(count, 1000);
    })();
  }
  function whenDrawn() {
    setTimeout(reopen, WATCH_MS);
  }
  addEventListener("error", function (event) {
    // A module that is lost or broken: the line stands below it in the document.
    if (document.readyState === "loading") {
      addEventListener("DOMContentLoaded", reopen);
    } else {
      reopen();
    }
  }, true);
  addEventListener("DOMContentLoaded", whenDrawn);
})();
