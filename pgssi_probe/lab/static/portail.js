"use strict";
// Menu des petits écrans.
const bouton = document.querySelector(".menu-bouton");
const menu = document.getElementById("menu");
if (bouton && menu) {
  bouton.addEventListener("click", () => {
    const ouvert = menu.classList.toggle("ouvert");
    bouton.setAttribute("aria-expanded", String(ouvert));
  });
}
// Prévenir une minute avant la fermeture pour inactivité. La fermeture elle-même se fait sur le serveur.
const delai = Number(document.body.dataset.inactivite || 0);
if (delai > 60) {
  window.setTimeout(() => {
    const avis = document.createElement("p");
    avis.className = "inactif";
    avis.setAttribute("role", "status");
    avis.textContent = "Sans action de votre part, votre session sera fermée dans une minute.";
    document.body.append(avis);
  }, (delai - 60) * 1000);
}
// Une page revenue de l'historique est relue : après la déconnexion, rien ne reste affiché.
window.addEventListener("pageshow", (evenement) => {
  if (evenement.persisted) { window.location.reload(); }
});
