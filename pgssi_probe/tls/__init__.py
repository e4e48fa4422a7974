"""What one TLS endpoint does, observed from outside.

Two collectors give the same facts (:mod:`pgssi_probe.tls.facts`): a few dozen well-formed ClientHello messages
(:mod:`pgssi_probe.tls.clienthello`, passive) and sslyze in its own process (:mod:`pgssi_probe.tls.sslyze_pass`,
active). :mod:`pgssi_probe.tls.grade` judges those facts against the ANSSI profile, :mod:`pgssi_probe.tls.chain`
judges the certificate chain; both are pure.
"""
