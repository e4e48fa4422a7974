(async () => {
  const MAX = __MAX__, MOST = __MOST__;
  const text = (value) => {
    try { return typeof value === 'string' ? value : JSON.stringify(value, (k, v) => typeof v === 'bigint' ? String(v) : v) ?? String(value); }
    catch (error) { return String(value); }
  };
  const found = [];
  let cut = false;
  const add = (place, name, value) => {
    if (found.length >= MOST) { cut = true; return; }
    const whole = text(value);
    found.push([place, text(name).slice(0, 500), whole.slice(0, MAX), whole.length]);
  };
  const late = (promise) => Promise.race([promise, new Promise((_, no) => setTimeout(() => no('late'), 3000))]);
  const asked = (request) => new Promise((yes, no) => {
    request.onsuccess = () => yes(request.result); request.onerror = () => no(request.error); request.onblocked = () => no('blocked');
    request.onupgradeneeded = () => { request.transaction.abort(); };
  });
  const stores = (place, store) => { for (let i = 0; i < store.length; i++) { const key = store.key(i); add(place, key, store.getItem(key)); } };
  try { stores('local_storage', localStorage); } catch (error) { }
  try { stores('session_storage', sessionStorage); } catch (error) { }
  try {
    for (const { name } of (await late(indexedDB.databases())).slice(0, 30)) {
      const database = await late(asked(indexedDB.open(name)));
      try {
        for (const store of [...database.objectStoreNames].slice(0, 50)) {
          const opened = database.transaction(store, 'readonly').objectStore(store);
          const [keys, values] = await late(Promise.all([asked(opened.getAllKeys(null, 200)), asked(opened.getAll(null, 200))]));
          keys.forEach((key, i) => add('indexed_db', name + '/' + store + '/' + text(key), values[i]));
        }
      } finally { database.close(); }
    }
  } catch (error) { cut = cut || error === 'late'; }
  try {
    for (const name of (await late(caches.keys())).slice(0, 20)) {
      const cache = await caches.open(name);
      for (const request of (await late(cache.keys())).slice(0, 100)) {
        const answer = await cache.match(request);
        const body = answer && /text|json|xml/.test(answer.headers.get('content-type') || '') ? await late(answer.clone().text()) : '';
        add('cache_storage', name + ' ' + request.url, body);
      }
    }
  } catch (error) { cut = cut || error === 'late'; }
  try {
    for (const worker of await late(navigator.serviceWorker.getRegistrations())) { add('service_worker', worker.scope, ''); }
  } catch (error) { }
  return { origin: location.origin, found, cut };
})()
