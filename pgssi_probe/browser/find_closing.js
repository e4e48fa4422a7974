(wanted) => {
  // The control that takes away what lies over `wanted`: refusing before closing, closing before agreeing.
  const box = wanted.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (!top || top === wanted || wanted.contains(top) || top.contains(wanted)) return null;
  const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden' && !e.disabled;
  const said = (e) => [e.textContent, e.value, e.getAttribute('aria-label'), e.title].join(' ').trim().slice(0, 120);
  const over = '[role=dialog], [role=alertdialog], dialog, [aria-modal=true], [class*=overlay], [class*=modal], [class*=dialog], [class*=cookie], [class*=consent], [id*=cookie], [id*=consent]';
  let roots = [top.closest(over), ...document.querySelectorAll(over)].filter((e) => e && !e.contains(wanted));
  for (let e = top; !roots.length && e && e !== document.body && !e.contains(wanted); e = e.parentElement) roots = [e];
  const buttons = [...new Set(roots.flatMap((e) => [...e.querySelectorAll('button, [role=button], a, input[type=button], input[type=submit]')]))].filter(seen);
  const wishes = [
    /refus|reject|decline|deny|sans accepter|without accepting|only necessary|n[ée]cessaires/i,
    /dismiss|close|fermer|^\s*[x×✕]\s*$|skip|passer|ignorer|plus tard|later|not now|no,? thanks|non,? merci/i,
    /got it|compris|^ok\b|continue|continuer|accept|agree|want it|allow|autoriser/i,
  ];
  for (const wish of wishes) {
    const found = buttons.find((e) => wish.test(said(e)) && !(e.tagName === 'A' && /^https?:/i.test(e.getAttribute('href') || '')));
    if (found) return found;
  }
  return null;
}
