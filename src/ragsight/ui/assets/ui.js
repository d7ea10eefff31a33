"use strict";
// The search page: what is asked is kept in `asked`, and each change of it asks anew.
(() => {
  const find = (selector) => document.querySelector(selector);
  const words = find("#words");
  const result = find("#result");
  const status = find(".status");
  const answering = find(".answering");
  const filters = find(".facets");
  const more = find("[data-more]");
  const file = find('.search input[type="file"]');
  const page = 24;
  const asked = { image: null, like: null, k: page };
  let running = null;

  const body = () => {
    const choices = {};
    const ranges = {};
    for (const field of filters.querySelectorAll("[data-choice]")) {
      const values = [...field.querySelectorAll("input:checked")].map((box) => JSON.parse(box.dataset.value));
      if (values.length) choices[field.dataset.choice] = values;
    }
    for (const field of filters.querySelectorAll("[data-range]")) {
      const ends = {};
      for (const end of field.querySelectorAll("input")) {
        if (end.value !== "" && Number.isFinite(end.valueAsNumber)) ends[end.dataset.end] = end.valueAsNumber;
      }
      if (Object.keys(ends).length) ranges[field.dataset.range] = ends;
    }
    return { text: words.value, image: asked.image?.token ?? null, like: asked.like?.id ?? null, k: asked.k, choices, ranges };
  };

  const say = (text, isError = false) => {
    status.textContent = text;
    status.classList.toggle("error", isError);
  };

  const request = async (path, options) => {
    const response = await fetch(path, options);
    if (response.ok) return response;
    const text = await response.text();
    let message = text;
    try { message = JSON.parse(text).error ?? text; } catch { /* it is no JSON: shown as it is */ }
    throw new Error(message || `The server answered with status ${response.status}.`);
  };

  // A newer question ends the older one.
  const run = async (task) => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    answering.hidden = true;
    document.body.classList.add("busy");
    try {
      await task(mine.signal);
    } catch (error) {
      if (error.name !== "AbortError") say(error.message, true);
    } finally {
      if (running === mine) {
        document.body.classList.remove("busy");
        answering.hidden = true;
      }
    }
  };

  const post = (path, content, signal) =>
    request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(content), signal });

  // What the server sends is escaped there; and the page's policy lets no script of it run.
  const put = (html) => { result.innerHTML = html; };

  const isEmpty = (content) => !content.text.trim() && !content.image && !content.like;

  const remember = () => {
    const place = words.value.trim() ? `?q=${encodeURIComponent(words.value.trim())}` : location.pathname;
    history.replaceState(null, "", place);
  };

  const search = () => run(async (signal) => {
    const content = body();
    remember();
    more.hidden = true;
    if (isEmpty(content)) {
      put("");
      say("");
      return;
    }
    say("Searching…");
    const response = await post("/search", content, signal);
    put(await response.text());
    const count = result.querySelectorAll(".card").length;
    say(count === 1 ? "1 result" : `${count} results`);
    more.hidden = count < asked.k || asked.k >= 96;
  });

  const lines = async function* (response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) yield JSON.parse(part);
    }
  };

  const ask = () => run(async (signal) => {
    const content = body();
    remember();
    more.hidden = true;
    say("Looking for sources…");
    const response = await post("/ask", content, signal);
    const text = answering.querySelector(".words");
    text.textContent = "";
    for await (const line of lines(response)) {
      if (line.error !== undefined) throw new Error(line.error);
      if (line.text !== undefined) text.textContent += line.text;
      if (line.html === undefined) continue;
      const isAnswer = !answering.hidden;
      put(line.html);
      answering.hidden = isAnswer;
      say(isAnswer ? "" : "Answering…");
    }
  });

  const showChips = () => {
    const chip = (text, picture, clear) => {
      const node = Object.assign(document.createElement("span"), { className: "chip" });
      if (picture) node.append(Object.assign(document.createElement("img"), { src: picture, alt: "" }));
      node.append(Object.assign(document.createElement("span"), { textContent: text, dir: "auto" }));
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: "✕" });
      button.setAttribute("aria-label", `Remove: ${text}`);
      button.addEventListener("click", clear);
      node.append(button);
      return node;
    };
    const clear = (name) => () => { asked[name] = null; showChips(); search(); words.focus(); };
    const chips = [];
    if (asked.image) chips.push(chip(asked.image.name, `/query-image?token=${encodeURIComponent(asked.image.token)}`, clear("image")));
    if (asked.like) chips.push(chip(`Like: ${asked.like.name}`, null, clear("like")));
    find(".chips").replaceChildren(...chips);
  };

  const addImage = (image) => run(async (signal) => {
    say("Sending the image…");
    const response = await request("/query-image", {
      method: "POST", headers: { "content-type": image.type || "application/octet-stream" }, body: image, signal,
    });
    asked.image = { token: (await response.json()).image, name: image.name || "image" };
    asked.like = null;
    asked.k = page;
    showChips();
    search();
  });

  const imageIn = (data) => [...(data?.files ?? [])].find((item) => item.type.startsWith("image/"));

  find(".search").addEventListener("submit", (event) => {
    event.preventDefault();
    asked.k = page;
    search();
  });
  find("[data-ask]")?.addEventListener("click", () => { words.value.trim() ? ask() : words.focus(); });
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", () => { asked.k = page; search(); });
  filters.addEventListener("reset", () => setTimeout(search));
  more.addEventListener("click", () => { asked.k = Math.min(96, asked.k + page); search(); });
  result.addEventListener("click", (event) => {
    const like = event.target.closest("[data-like]");
    if (!like) return;
    asked.like = { id: like.dataset.like, name: like.dataset.name };
    asked.image = null;
    asked.k = page;
    words.value = "";
    showChips();
    search();
    scrollTo({ top: 0 });
  });

  if (file) {
    const drop = find(".drop");
    file.addEventListener("change", () => {
      if (file.files[0]) addImage(file.files[0]);
      file.value = "";
    });
    addEventListener("paste", (event) => {
      const image = imageIn(event.clipboardData);
      if (!image) return;
      event.preventDefault();
      addImage(image);
    });
    addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.hidden = !event.dataTransfer.types.includes("Files");
    });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.hidden = true; });
    addEventListener("drop", (event) => {
      event.preventDefault();
      drop.hidden = true;
      const image = imageIn(event.dataTransfer);
      if (image) addImage(image);
      else say("Only images can be searched with.", true);
    });
  }

  if (matchMedia("(min-width: 62rem)").matches) find(".filters").open = true;
  request("/facets").then((response) => response.text()).then((html) => { filters.innerHTML = html; })
    .catch((error) => say(error.message, true));
  const query = new URLSearchParams(location.search).get("q");
  if (query) {
    words.value = query;
    search();
  }
})();
