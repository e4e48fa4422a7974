([wanted, names]) => {
  const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden' && !e.disabled && !e.readOnly;
  const named = (e) => names[wanted] && (e.name === names[wanted] || e.id === names[wanted]);
  const all = (root) => [...root.querySelectorAll('*')].flatMap((e) => e.shadowRoot ? [e, ...all(e.shadowRoot)] : [e]);
  const inputs = all(document).filter((e) => e.tagName === 'INPUT' && seen(e));
  const said = (e) => [e.name, e.id, e.placeholder, e.autocomplete, e.getAttribute('aria-label'), e.labels && e.labels[0] && e.labels[0].textContent].join(' ').toLowerCase();
  const typed = inputs.filter((e) => ['text', 'email', 'tel', 'number', ''].includes(e.type));
  const code = typed.find((e) => e.autocomplete === 'one-time-code' || /\b(otp|totp|2fa|mfa|code)\b|one.?time|one_time/.test(said(e)));
  const password = inputs.find((e) => e.type === 'password');
  const chosen = inputs.find(named);
  if (chosen) return chosen;
  if (wanted === 'password') return password || null;
  if (wanted === 'code') return code || null;
  const users = typed.filter((e) => e !== code && !/search|recherche|newsletter/.test(said(e)));
  const likely = (list) => list.find((e) => /user|login|mail|identifiant|utilisateur|compte|account/.test(said(e)));
  if (!password) {  // a first screen that asks for a name only, and no field that searches
    const signs = /log ?in|sign ?in|connexion|connecter|identif|suivant|next|continu/i;
    return likely(users) || users.find((e) => e.form && signs.test(e.form.textContent)) || null;
  }
  const before = users.filter((e) => e.compareDocumentPosition(password) & Node.DOCUMENT_POSITION_FOLLOWING);
  return likely(before) || before[before.length - 1] || null;
}
