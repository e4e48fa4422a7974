"use strict";
// Application à page unique : la connexion et l'espace sont dessinés ici, les données viennent de l'API.
(() => {
  const racine = document.getElementById("application");
  if (!racine) { return; }
  const garde = racine.dataset.garde || "memoire";
  const efface = racine.dataset.efface !== "non";
  const vide = racine.dataset.vide !== "non";
  const parCookie = racine.dataset.session === "cookie";
  let jeton = null;

  const magasin = { local: window.localStorage, session: window.sessionStorage }[garde];
  const lire = () => jeton || (magasin ? magasin.getItem("jeton") : null);
  const retenir = (valeur) => { jeton = valeur; if (magasin) { magasin.setItem("jeton", valeur); } };
  const oublier = () => { jeton = null; if (magasin && efface) { magasin.removeItem("jeton"); } };

  const element = (nom, texte, attributs) => {
    const cree = document.createElement(nom);
    if (texte) { cree.textContent = texte; }
    for (const [cle, valeur] of Object.entries(attributs || {})) { cree.setAttribute(cle, valeur); }
    return cree;
  };
  const demander = async (chemin, options) => {
    const entetes = { Accept: "application/json", ...((options && options.headers) || {}) };
    if (parCookie) {
      const trouve = document.cookie.match(/(?:^|; )XSRF-TOKEN=([^;]*)/);
      if (trouve) { entetes["X-CSRF-Token"] = decodeURIComponent(trouve[1]); }
    } else if (lire()) { entetes.Authorization = "Bearer " + lire(); }
    return fetch("/api/v1/" + chemin, { ...options, headers: entetes });
  };

  const connexion = (message) => {
    const formulaire = element("form");
    formulaire.append(element("h1", "Se connecter"));
    if (message) { formulaire.append(element("p", message, { class: "erreur", role: "alert" })); }
    const champ = (nom, libelle, type) => {
      const saisie = element("input", "", { id: nom, type, autocomplete: type === "password" ? "current-password" : "username" });
      formulaire.append(element("label", libelle, { for: nom }), saisie);
      return saisie;
    };
    const identifiant = champ("identifiant", "Identifiant", "text");
    const motDePasse = champ("mot_de_passe", "Mot de passe", "password");
    formulaire.append(element("button", "Se connecter", { class: "bouton grand plein", type: "submit" }));
    formulaire.addEventListener("submit", async (evenement) => {
      evenement.preventDefault();
      const reponse = await demander("connexion", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ identifiant: identifiant.value, mot_de_passe: motDePasse.value }),
      });
      if (!reponse.ok) {
        connexion(reponse.status === 429 ? "Plusieurs essais ont échoué. Réessayez plus tard." : "Identifiant ou mot de passe incorrect.");
        return;
      }
      if (!parCookie) { retenir((await reponse.json()).jeton); }
      window.history.pushState({}, "", "/connexion?vue=espace");
      await espace();
    });
    racine.replaceChildren(formulaire);
  };

  const espace = async () => {
    const [profil, resultats] = await Promise.all([demander("moi"), demander("resultats")]);
    if (!profil.ok || !resultats.ok) { oublier(); connexion(""); return; }
    const moi = await profil.json();
    const liste = element("ul");
    for (const resultat of await resultats.json()) {
      liste.append(element("li", `${resultat.title} : ${resultat.value} ${resultat.unit} (${resultat.reference})`));
    }
    const sortie = element("button", "Se déconnecter", { class: "bouton secondaire", type: "button" });
    sortie.addEventListener("click", async () => {
      await demander("deconnexion", { method: "POST" });
      oublier();
      if (vide) { window.location.replace("/connexion"); return; }
      window.history.pushState({}, "", "/connexion");
      const avant = [...racine.childNodes];
      connexion("");
      window.addEventListener("popstate", () => { racine.replaceChildren(...avant); });
    });
    racine.replaceChildren(
      element("h1", `Bonjour ${moi.given_name} ${moi.family_name}`),
      element("p", `Dossier : ${moi.folder}`),
      element("p", `Numéro de sécurité sociale : ${moi.nir}`),
      element("p", `Courriel : ${moi.email}`),
      element("h2", "Mes résultats"),
      liste,
      sortie,
    );
  };

  if (parCookie || lire()) { espace(); } else { connexion(""); }
})();
