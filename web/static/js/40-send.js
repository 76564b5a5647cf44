// Forms are sent without leaving the page, so that nothing typed is lost to a
// device that does not answer or a refusal, and nothing is done twice: what is
// sent again carries the same name (_once).

const onceNames = new WeakMap();

function newName() { return [...crypto.getRandomValues(new Uint8Array(12))].map(b => b.toString(16).padStart(2, "0")).join(""); }

async function onSubmit(e) {
  const form = e.target, by = e.submitter;
  if (e.defaultPrevented || form.hasAttribute("data-plain") || form.enctype === "multipart/form-data" || form.target || form.method === "dialog") return;
  e.preventDefault();
  if (form.dataset.busy) return;
  const url = new URL(by?.hasAttribute("formaction") ? by.formAction : form.action, location.href);
  if (url.origin !== location.origin) return;
  const post = form.method === "post";
  const data = new URLSearchParams();
  for (const [k, v] of new FormData(form, by)) if (typeof v === "string" && !(k.startsWith("_") && !post)) data.append(k, v);
  if (post) {
    if (!onceNames.has(form)) onceNames.set(form, newName());
    data.set("_once", onceNames.get(form));
    draftSent(form, data);
  } else {
    url.search = data.toString();
  }
  const unchanged = asSent(form);
  form.dataset.busy = "1";
  form.setAttribute("aria-busy", "true");
  try {
    const res = await fetch(url, { method: post ? "POST" : "GET", body: post ? data : undefined, headers: { Accept: "text/html" }, signal: AbortSignal.timeout(30000) });
    const doc = pageOf(await res.text());
    const no = $("[data-refusal]", doc);
    if (no) {
      say($("h1", doc)?.textContent.trim() + ".", no.textContent.trim(), res.status === 401 ? { href: signInPath(doc), text: words.signIn } : null);
      draftBack(form);
      if (res.status < 500) onceNames.delete(form);
      return;
    }
    if (post && res.status < 500) onceNames.delete(form);
    if (res.status === 422) draftBack(form);
    arrive(doc, res.url, res.status === 422 ? null : unchanged, form);
  } catch {
    say(words.noAnswer, !post ? words.noAnswerGet : form.hasAttribute("data-once") ? words.noAnswerOnce : words.noAnswerPost);
    draftBack(form);
  } finally {
    delete form.dataset.busy;
    form.removeAttribute("aria-busy");
  }
}

function signInPath(doc) { return $("a.btn.go", doc)?.getAttribute("href") || "/sign-in"; }

// arrive shows a page that has come: the same place is morphed, another one is
// put in its stead. What was typed into the form while it was on its way goes
// along, when the form that was sent stands on the new page too.
function arrive(doc, url, take, form) {
  const src = s => $("script[src]", s)?.getAttribute("src");
  if (src(doc) !== src(document) || !$("#main", doc)) { location.assign(url); return; }
  const to = new URL(url), same = to.pathname === location.pathname;
  if (to.href !== location.href) history[same ? "replaceState" : "pushState"](null, "", to);
  for (const name of ["data-now", "data-rate", "data-zone"]) document.documentElement.setAttribute(name, doc.documentElement.getAttribute(name) || "");
  document.title = doc.title;
  if (same) {
    keepPlace(() => morph(document.body, doc.body, take));
  } else {
    const typed = form?.id && take ? typedSince(form, take) : null;
    stopLive();
    document.body.className = doc.body.className;
    for (const name of ["live", "signIn"]) { if (doc.body.dataset[name]) document.body.dataset[name] = doc.body.dataset[name]; else delete document.body.dataset[name]; }
    document.body.replaceChildren(...[...doc.body.childNodes].map(n => document.importNode(n, true)));
    scrollTo(0, 0);
    arrived(false);
    if (typed) typeAgain(document.getElementById(form.id), typed);
    return;
  }
  arrived(same);
}

// typedSince gives the controls that no longer hold what was sent, and where the
// cursor stood.
function typedSince(form, unchanged) {
  const active = document.activeElement;
  return {
    changed: [...form.elements].filter(el => el.name && !el.name.startsWith("_") && el.type !== "hidden" && !unchanged(el)),
    at: active?.form === form && active.name ? { name: active.name, value: active.type === "radio" ? active.value : null, start: active.selectionStart ?? null, end: active.selectionEnd ?? null } : null,
  };
}

function typeAgain(form, { changed, at }) {
  if (!form || form.tagName !== "FORM") return;
  const named = (name, value) => [...form.elements].find(el => el.name === name && el.type !== "hidden" && (value == null || el.value === value));
  for (const el of changed) {
    const choice = el.type === "radio" || el.type === "checkbox", to = named(el.name, choice ? el.value : null);
    if (!to) continue;
    if (choice) to.checked = el.checked; else to.value = el.value;
    to.dispatchEvent(new Event("input", { bubbles: true }));
    if (!choice || el.checked) to.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const to = at && named(at.name, at.value);
  if (!to) return;
  to.focus({ preventScroll: true });
  if (at.start != null && to.setSelectionRange) try { to.setSelectionRange(at.start, at.end); } catch { /* some inputs have none */ }
}

// arrived makes a page that has come ready, and puts the cursor where the next
// act is.
function arrived(same) {
  draftsFresh();
  ready();
  openNow();
  if (focusErrors() || same) return;
  const start = $("[autofocus]") || $("main h1");
  if (!start) return;
  if (start.tagName === "H1") start.tabIndex = -1;
  start.focus({ preventScroll: true });
}

function focusErrors() {
  const box = $("#errors"), bad = $("main [aria-invalid=true]");
  const to = box || (bad && (bad.matches("[role=radiogroup]") ? $("input", bad) : bad));
  if (!to) return false;
  to.focus();
  return true;
}
