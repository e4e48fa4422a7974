// Runs the analysis functions of @mdn/mdn-http-observatory on captured header sets: no network, no scan.
// Usage: node observatory.mjs PACKAGE_DIRECTORY < cases.json > results.json
// The list of preloaded hosts is left empty when the package was installed without its download: no case is on it.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const root = path.resolve(process.argv[2]);
process.chdir(root);
process.env.CONFIG_FILE ??= "conf/config-test.json";
for (const name of ["hsts-preload.json"]) {
  const file = path.join(root, "conf", name);
  if (!fs.existsSync(file)) fs.writeFileSync(file, "{}");
}

const load = (file) => import(pathToFileURL(path.join(root, "src", file)).href);
const { Requests } = await load("types.js");
const { Session } = await load("retriever/session.js");
const { parseHttpEquivHeaders } = await load("retriever/utils.js");
const tests = {
  "content-security-policy": (await load("analyzer/tests/csp.js")).contentSecurityPolicyTest,
  cookies: (await load("analyzer/tests/cookies.js")).cookiesTest,
  "cross-origin-resource-sharing": (await load("analyzer/tests/cors.js")).crossOriginResourceSharingTest,
  redirection: (await load("analyzer/tests/redirection.js")).redirectionTest,
  "referrer-policy": (await load("analyzer/tests/referrer-policy.js")).referrerPolicyTest,
  "strict-transport-security": (await load("analyzer/tests/strict-transport-security.js")).strictTransportSecurityTest,
  "subresource-integrity": (await load("analyzer/tests/subresource-integrity.js")).subresourceIntegrityTest,
  "x-content-type-options": (await load("analyzer/tests/x-content-type-options.js")).xContentTypeOptionsTest,
  "x-frame-options": (await load("analyzer/tests/x-frame-options.js")).xFrameOptionsTest,
};
const { AxiosHeaders } = createRequire(path.join(root, "package.json"))("axios");
const FOREIGN = "https://foreign.example";

// Node's client joins the lines of a repeated header, Set-Cookie excepted: that is what the scanner sees.
function joined(headers) {
  const map = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key === "set-cookie") (map[key] ??= []).push(value);
    else map[key] = key in map ? `${map[key]}, ${value}` : value;
  }
  return new AxiosHeaders(map);
}

function requestsOf(one) {
  const url = new URL(one.url);
  const requests = new Requests(url.hostname);
  const response = (headers, status) => ({ headers: joined(headers), request: { headers: new AxiosHeaders() }, status, verified: true });
  requests.session = new Session(url);
  requests.resources.path = one.html;
  requests.responses.auto = response(one.headers, one.status);
  requests.responses.auto.httpEquiv = parseHttpEquivHeaders(one.html, one.url);
  requests.responses.https = url.protocol === "https:" ? response(one.headers, one.status) : null;
  requests.responses.cors = response([...one.headers, ...one.cors], one.status);
  requests.responses.cors.request.headers.set("origin", FOREIGN);
  requests.responses.http = one.plain.length ? response([], one.plain.at(-1)[1]) : null;
  requests.responses.httpRedirects = one.plain.map(([address, status]) => ({ url: new URL(address), status }));
  for (const [name, value] of one.headers) {
    if (name.toLowerCase() === "set-cookie") requests.session.jar.setCookieSync(value, one.url, { ignoreError: true });
  }
  return requests;
}

const cases = JSON.parse(fs.readFileSync(0, "utf8"));
const results = cases.map((one) => {
  const verdicts = Object.entries(tests).map(([name, test]) => {
    const { pass, result } = test(requestsOf(one));
    return [name, { pass, result }];
  });
  return [one.name, Object.fromEntries(verdicts)];
});
const version = JSON.parse(fs.readFileSync("package.json", "utf8")).version;
process.stdout.write(JSON.stringify({ version, results: Object.fromEntries(results) }));
