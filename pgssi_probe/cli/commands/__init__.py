"""One module for each group of commands: what a command takes, and which part of `pgssi_probe.cli` answers it.

Nothing heavy is imported before the command that needs it. Help texts are keys of the catalogues (`help.KEY`): the
words are put in by `pgssi_probe.cli.app`, in the language of the person. The command-line library reads the annotations
at run time, so that these modules do without `from __future__ import annotations`.
"""
