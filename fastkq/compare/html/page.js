"use strict";

const at = (id) => document.getElementById(id);
const rows = JSON.parse(at("rows").textContent);
const stage = at("stage"), view = at("view"), pictures = at("pictures"), slider = at("slider");
const reduced = [...document.querySelectorAll("img.reduced")];
const radios = [...document.querySelectorAll("input[name=k]")];
let chosen = -1;
let split = 50;

// Put the handle where the source ends: in percent, which also holds in print; in pixels when zoomed, because
// the images then scroll beneath the handle.
function place() {
  const edge = (split / 100) * view.clientWidth;
  const scrolled = view.getBoundingClientRect().left - pictures.getBoundingClientRect().left;
  const zoomed = stage.classList.contains("zoomed");
  stage.style.setProperty("--split", zoomed ? `${edge}px` : `${split}%`);
  pictures.style.setProperty("--edge", zoomed ? `${edge + scrolled}px` : `${split}%`);
  slider.value = Math.round(split);
  slider.setAttribute("aria-valuetext", `${Math.round(split)}% source, the rest ${rows[chosen].title}`);
}

function moveTo(clientX) {
  const box = view.getBoundingClientRect();
  split = Math.min(100, Math.max(0, (100 * (clientX - box.left)) / view.clientWidth));
  place();
}

slider.addEventListener("input", () => {
  split = Number(slider.value);
  place();
});
stage.addEventListener("pointerdown", (event) => {
  const grabbed = event.target === at("handle") || !stage.classList.contains("zoomed");
  if (event.button !== 0 || !grabbed) return;
  stage.setPointerCapture(event.pointerId);
  slider.focus({ preventScroll: true });
  event.preventDefault();
  moveTo(event.clientX);
});
stage.addEventListener("pointermove", (event) => {
  if (stage.hasPointerCapture(event.pointerId)) moveTo(event.clientX);
});
view.addEventListener("scroll", place);
new ResizeObserver(place).observe(view);

at("zoom").addEventListener("change", (event) => {
  const scale = Number(event.target.value);
  const middle = (view.scrollLeft + view.clientWidth / 2) / pictures.clientWidth;
  const height = (view.scrollTop + view.clientHeight / 2) / pictures.clientHeight;
  stage.classList.toggle("zoomed", scale > 0);
  pictures.style.width = scale ? `${scale * reduced[0].naturalWidth}px` : "";
  view.tabIndex = scale ? 0 : -1;
  view.scrollLeft = middle * pictures.clientWidth - view.clientWidth / 2;
  view.scrollTop = height * pictures.clientHeight - view.clientHeight / 2;
  place();
});

function element(name, content = "", className = "") {
  const made = document.createElement(name);
  made.className = className;
  made.append(content);
  return made;
}

function colored(color) {
  const made = element("i");
  made.style.background = color;
  return made;
}

function showColors({ colors, names, shares, more }) {
  const percent = shares.map((share) => (
    share > 0 && share < 0.00005 ? "<0.01%" : `${(100 * share).toFixed(2)}%`
  ));
  at("palette").style.setProperty("--name", Math.max(...names.map((name) => name.length)));
  at("strip").replaceChildren(...colors.map((color, j) => {
    const part = colored(color);
    part.style.flex = shares[j];
    part.title = `${names[j]} ${percent[j]}`;
    return part;
  }));
  at("palette").replaceChildren(...colors.map((color, j) => {
    const line = element("li", element("span", colored(color), "chip"));
    line.title = `${names[j]} ${percent[j]}`;
    line.append(element("code", names[j]), element("span", percent[j]));
    return line;
  }));
  at("more").hidden = !more;
  at("more").textContent = `and ${more.toLocaleString("en")} less used colors`;
  at("copied").textContent = "";
}

function mark(elements, current) {
  for (const one of elements) one.removeAttribute("aria-current");
  current.setAttribute("aria-current", "true");
}

function choose(number) {
  if (number === chosen) return;
  chosen = number;
  const row = rows[number];
  radios[number].checked = true;
  at("badge").textContent = row.title;
  at("caption").textContent = row.caption;
  mark(document.querySelectorAll("tbody tr"), document.querySelectorAll("tbody tr")[number]);
  mark(document.querySelectorAll("svg a"), document.querySelectorAll("svg a")[number]);
  showColors(row);
  place();
  // The previous image stays visible until the new one is decoded.
  reduced[number].decode().catch(() => {}).then(() => {
    if (number === chosen) reduced.forEach((picture, other) => { picture.hidden = other !== number; });
  });
}

function chooseByAddress() {
  const number = rows.findIndex((row) => location.hash === `#k=${row.k}`);
  choose(number < 0 ? Math.floor(rows.length / 2) : number);
}

radios.forEach((radio) => radio.addEventListener("change", () => location.replace(`#k=${radio.value}`)));
addEventListener("hashchange", chooseByAddress);
chooseByAddress();

at("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(rows[chosen].names.join("\n"));
    at("copied").textContent = "copied";
  } catch {
    at("copied").textContent = "the browser does not allow pages to copy";
  }
});
