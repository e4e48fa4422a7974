(tried) => {
  // What leads to the form of a sign-in: a link or a button that says so, else the menu of the account.
  const all = (root) => [...root.querySelectorAll('*')].flatMap((e) => e.shadowRoot ? [e, ...all(e.shadowRoot)] : [e]);
  const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden' && !e.disabled;
  const said = (e) => [e.textContent, e.value, e.getAttribute('aria-label'), e.title].join(' ').replace(/\s+/g, ' ').trim();
  const controls = all(document).filter((e) => e.matches('a, button, [role=button], [role=menuitem], [role=link], [routerlink]') && seen(e));
  const outside = (e) => e.tagName === 'A' && e.hostname && e.hostname !== location.hostname;
  const own = controls.filter((e) => said(e).length < 60 && !outside(e) && !tried.includes(said(e)));
  const other = /out\b|off\b|d[ée]connexion|d[ée]connecter|sign ?up|register|inscri|cr[ée]er|create|google|facebook|github|france ?connect|pro ?sant|forgot|oubli/i;
  const wishes = [/log ?in\b|sign ?in\b|se connecter|connexion|s.identifier|identification|authentifi/i, /account|compte|profil|espace (personnel|patient)/i];
  for (const wish of wishes) {
    const found = own.find((e) => wish.test(said(e)) && !other.test(said(e)));
    if (found) return found;
  }
  return null;
}
