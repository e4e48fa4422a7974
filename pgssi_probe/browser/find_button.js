(field) => {
  const seen = (e) => e.getClientRects().length > 0 && !e.disabled;
  const words = /log ?in|sign ?in|connexion|connecter|valider|continue|continuer|suivant|next|submit|envoyer|ok|verif|entrer|enter/i;
  const said = (e) => (e.textContent || e.value || e.getAttribute('aria-label') || '').trim().slice(0, 60);
  const other = /forgot|oubli|register|inscri|sign ?up|google|facebook|france ?connect|pro ?sant|cancel|annul|show|afficher/i;
  for (let root = field.form || field.parentElement; root; root = root.parentElement) {
    const all = [...root.querySelectorAll('button, input[type=submit], input[type=button], input[type=image], [role=button], a.btn, a.button')];
    const buttons = all.filter((e) => seen(e) && !other.test(said(e)) && !(e.tagName === 'BUTTON' && e.type === 'reset'));
    const best = buttons.find((e) => words.test(said(e))) || buttons.find((e) => e.type === 'submit');
    if (best) return best;
    if (field.form && root === field.form && all.length) return null;
  }
  return null;
}
