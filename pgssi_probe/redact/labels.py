"""What is recognised by what stands before it: a secret by its name, a person by a label or a title.

In text (`Nom : Durand`), JSON (`"nom": "Durand"`), tables and definition lists (`<th>Nom</th><td>Durand</td>`),
elements (`<password>…`), fields of forms (`<input name="nom" value="Durand">`), cookies and headers. Linear: bounded
repetitions, possessive where two readings would be possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pgssi_probe.redact.formats import BLANK

Mark = Callable[[str, str], str]
"""The mark for a value of a kind."""

_E = r"(?:[eéEÉ]|&eacute;|&Eacute;|&#233;|\\u00e9|e\u0301)"
_TAG = r"</?(?:t[hdr]|d[tdl]|b|i|em|strong|span|p|div|li|br|label|small|h[1-6]|bdi|a)\b[^<>]{0,200}>"
_BETWEEN = rf"(?:\s|{BLANK}|=>|\\?[\"'`]|[:=]|{_TAG}){{1,24}}+"
_TOLD = rf"(?=(?:\\?[\"'`]|\s|{BLANK}|\*){{0,8}}(?:[:=]|{_TAG}))"
"""A label is one when a colon, an equals sign or the next cell follows: the word alone is a word."""
_VALUE = r"[^\s<>|\"'`;:=‹›](?:[^<>|\"`\n\r;\\‹›']|'(?=\w)){0,79}"

_HIDDEN = (
    r"(?:[\w.-]{0,64}?(?:passw(?:or)?d|passphrase|mot_?de_?passe|secret|token|api_?key|private_?key|access_?key|"
    r"session_?id|jeton|credential)s?\d{0,2}(?:_?(?:hash|confirm|confirmation|repeat|again|value|old|new))?"
    r"|[\w.-]{0,64}?(?:csrf|xsrf)\w{0,20}|mots?(?:\s|&nbsp;)de(?:\s|&nbsp;)passe|code(?:\s|&nbsp;)(?:secret|pin)|code_verifier"
    r"|j?sessionid|phpsessid|aspsessionid\w{0,20}|connect\.sid|pwd|mdp|pass|sid|otp|totp|pin|authorization)"
)
_ASSIGNED = re.compile(
    rf"(?i)(?P<name>(?<![\w.‹-]){_HIDDEN}(?![\w-]){_TOLD}{_BETWEEN}(?:(?:Bearer|Basic|Digest|Negotiate|Token)\s{{1,4}})?)"
    r"(?:(?<=\")(?P<double>(?:[^\"\\‹]|\\[^\"]){1,512})|(?<=')(?P<single>(?:[^'\\‹]|\\[^']){1,512})|(?P<bare>(?!(?:Bearer|Basic|Digest|Negotiate|Token)\s{1,4}‹)[^\s\"'<>&;,‹›]{3,512}))"
)
_PERSON = (
    rf"(?:noms?(?:{BLANK}(?:de{BLANK}(?:naissance|famille|jeune{BLANK}fille)|d(?:['’]|&#39;)usage|marital|patronymique|complet)"
    rf"|{BLANK}(?:et|/){BLANK}pr{_E}noms?|_?(?:naissance|famille|usage|patient))?"
    rf"|pr{_E}noms?(?:_?\w{{1,20}})?|pr{_E}noms?{BLANK}(?:et|/){BLANK}noms?|n{_E}{_E}?(?:\(e\))?{BLANK}le"
    rf"|dates?{BLANK}de{BLANK}naissance|date_?(?:de_?)?naissance|ddn|lieu{BLANK}de{BLANK}naissance"
    rf"|patient(?:e|{BLANK}?name|_?name)?|titulaire|b{_E}n{_E}ficiaire|assur{_E}e?|praticien(?:ne)?"
    rf"|m{_E}decin(?:{BLANK}traitant)?|first_?name|last_?name|middle_?name|full_?name|family_?name|given_?name|maiden_?name"
    rf"|(?:first|last|full|family|given|patient|birth){BLANK}name|surname|birth_?date|birthdate|date_?of_?birth|date{BLANK}of{BLANK}birth"
    r"|dob|birth_?day)"
)
_LABELLED = re.compile(rf"(?i)(?P<name>(?<![\w‹-])(?<!\.){_PERSON}(?![\w-]){_TOLD}{_BETWEEN})(?P<value>{_VALUE})")
_ELEMENT = re.compile(
    rf"(?i)<(?P<tag>(?:\w{{1,20}}:)?(?:(?P<secret>{_HIDDEN})|{_PERSON}))(?=[\s>])[^<>]{{0,200}}>(?P<value>[^<>‹]{{1,512}})(?=</(?P=tag)>)"
)
_BORN = re.compile(
    rf"(?i)(?P<name>(?<!\w)n{_E}{_E}?(?:\(e\))?{BLANK}le{BLANK})"
    rf"(?P<value>\d{{1,2}}(?:er)?(?:[ /.-]|{BLANK})(?:\d{{1,2}}|[^\W\d_]{{3,9}})(?:[ /.-]|{BLANK})\d{{2,4}})"
)
_NUMBERED = re.compile(
    rf"(?i)(?P<name>(?<![a-z‹])(?:rpps|adeli|finess|nir|nia|ins|ssn|s{_E}curit{_E}{BLANK}sociale|num_?secu|numero_?secu)"
    rf"(?![a-z])[^\w\n<>]{{0,12}}+(?:{_TAG}\s{{0,8}}){{0,4}}+)(?P<value>\d(?:{BLANK}|[.\-\u2011])?[\dAB](?:(?:{BLANK}|[.\-\u2011])?\d){{6,13}})(?!\d)"
)
_PARTICLE = rf"(?:(?:de|du|des|le|la|van|von|el|ben){BLANK}|d['’])"
_TITLED = re.compile(
    rf"(?P<name>\b(?:M\.|MM\.|M(?={BLANK}[A-ZÀ-Ý]{{2}})|Mmes?|MME|Mlles?|MLLE|Dre?|DR\.|Pre?|PR\.|Monsieur|Madame|Mademoiselle|MONSIEUR|MADAME"
    rf"|Docteure?|Professeure?|Mr\.?|Mrs\.?|Ms\.?|[nN]ée|[ée]pouse|veuve){BLANK}{{1,2}})"
    rf"(?P<value>{_PARTICLE}{{0,3}}[A-ZÀ-Ý][\w'’-]{{1,40}}(?:{BLANK}{_PARTICLE}{{0,3}}[A-ZÀ-Ý][\w'’-]{{0,40}}\.?){{0,4}})"
)
_COOKIES = re.compile(r"(?i)(?P<name>\b(?:set-)?cookie[\"']?\s{0,4}(?:=>|:)\s{0,4}[\"']?)(?P<value>[^\r\n<\"]{1,4096})")
_PAIR = re.compile(r"=([^;\s‹›]{1,4096})")
_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "priority"})
_FIELD = re.compile(r"<(?:input|option|textarea|meta)\b[^<>]{1,2000}>", re.IGNORECASE)
_FIELD_VALUE = re.compile(
    r"(?P<name>\s(?:value|content)\s{0,3}=\s{0,3})(?:\"(?P<double>[^\"‹]{1,1000})\"|'(?P<single>[^'‹]{1,1000})'|(?P<bare>[^\s\"'<>‹]{1,1000}))",
    re.IGNORECASE,
)
_FIELD_NAME = re.compile(
    r"\s(?:name|id|autocomplete|placeholder|aria-label|title|type)\s{0,3}=\s{0,3}(?:\"([^\"]{1,100})\"|'([^']{1,100})'|([^\s\"'>]{1,100}))",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(rf"(?i){_HIDDEN}|nonce|_token|otp")
_PERSON_NAME = re.compile(
    rf"(?i)(?:[\w.\[-]{{0,64}}[_.\[-])?(?:{_PERSON}|nir|ins|rpps|adeli|finess|(?:e-?)?mail|t{_E}l(?:{_E}phone)?|phone|mobile|portable"
    r"|num_?secu|numero_?secu|bday|cc-number|username|login|identifiant)(?:[\]_.-]\w{0,20})?"
)


def by_label(text: str, mark: Mark) -> str:
    """The text with what labels announce marked; labels stay."""
    text = _COOKIES.sub(lambda found: found["name"] + _cookies(found["value"], mark), text)
    text = _FIELD.sub(lambda found: _field(found[0], mark), text)
    text = _ELEMENT.sub(lambda found: _element(found, mark), text)
    text = _ASSIGNED.sub(lambda found: found["name"] + mark("secret", _given(found)), text)
    text = _BORN.sub(lambda found: found["name"] + mark("date", found["value"]), text)
    text = _LABELLED.sub(lambda found: found["name"] + _trimmed("name", found["value"], mark), text)
    return _TITLED.sub(lambda found: found["name"] + mark("name", found["value"]), text)


def numbers_by_label(text: str, mark: Mark) -> str:
    """The text with the numbers marked that only their label tells: dotted like an address, or glued to it."""
    return _NUMBERED.sub(lambda found: found["name"] + mark("number", found["value"]), text)


def kind_of_key(name: str) -> str | None:
    """The kind of what a key of JSON or a parameter holds: `secret`, `name`, or None when nothing tells it."""
    if _SECRET_NAME.fullmatch(name):
        return "secret"
    return "name" if _PERSON_NAME.fullmatch(name) else None


def _trimmed(kind: str, value: str, mark: Mark) -> str:
    """The mark of a value without the blanks at its end, which stay."""
    bare = value.rstrip()
    return mark(kind, bare) + value[len(bare) :]


def _element(found: re.Match[str], mark: Mark) -> str:
    start, _ = found.span("value")
    head = found[0][: start - found.start()]
    return head + mark("secret" if found["secret"] else "name", found["value"])


def _given(found: re.Match[str]) -> str:
    groups = found.groupdict()
    return groups.get("double") or groups.get("single") or groups.get("bare") or ""


def _cookies(text: str, mark: Mark) -> str:
    def one(pair: str) -> str:
        if pair.partition("=")[0].strip().lower() in _ATTRIBUTES:
            return pair
        return _PAIR.sub(lambda found: "=" + mark("secret", found[1]), pair, count=1)

    return ";".join(one(pair) for pair in text.split(";"))


def _field(tag: str, mark: Mark) -> str:
    """The value of a field whose name, type or label says that it is a secret or a person's."""
    names = [next(filter(None, found.groups()), "") for found in _FIELD_NAME.finditer(tag)]
    kinds = {kind for name in names if (kind := kind_of_key(name.strip()))}
    if not kinds:
        return tag
    kind = "secret" if "secret" in kinds else "name"
    return _FIELD_VALUE.sub(lambda found: f'{found["name"]}"{mark(kind, _given(found))}"', tag)
