(words) => {
  const said = (e) => [e.textContent, e.value, e.title, e.getAttribute('aria-label'), e.getAttribute('data-tooltip')]
    .filter(Boolean).map((t) => t.trim()).filter((t) => t.length < 60).join(' ');
  const plain = (t) => t.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, ' ');
  const wanted = new RegExp('\\b(?:' + words + ')\\b');
  const pressed = 'a, button, input[type=submit], input[type=image], [role=button], [role=menuitem]';
  const all = (root) => [...root.querySelectorAll(pressed)]
    .concat([...root.querySelectorAll('*')].filter((e) => e.shadowRoot).flatMap((e) => all(e.shadowRoot)));
  const here = location.href.split('#')[0];
  const controls = all(document).filter((e) => e.tagName !== 'A' || e.href.split('#')[0] !== here || (e.getAttribute('href') || '').includes('#'));
  const named = controls.find((e) => wanted.test(plain(said(e))));
  const address = (e) => plain(e.getAttribute('href') || (e.form && e.form.getAttribute('action')) || '');
  const led = controls.find((e) => wanted.test(address(e)));
  const found = named || led;
  if (!found) return false;
  found.click();
  return true;
}
