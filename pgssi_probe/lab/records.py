"""The portal's data: SQLite in memory, filled with invented people."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from pgssi_probe.lab.synthetic import Account, password_hash, people, records_of

SCHEMA = """
create table account(username text primary key, label text, given_name text, family_name text, role text,
                     salt blob, hash blob, totp_secret text);
create table profile(username text primary key, folder text, nir text, birth text, phone text, email text);
create table result(id text primary key, username text, day text, title text, measure text, value real, unit text,
                    low real, high real, reference text);
create table appointment(id text primary key, username text, moment text, service text, doctor text, place text);
create table message(id text primary key, username text, day text, sender text, subject text, body text);
create table document(id text primary key, username text, day text, title text, content text);
create table sign_in(username text, moment text, address text);
create table event(moment text, kind text, username text, address text, request_id text);
"""
TABLES = frozenset({"result", "appointment", "message", "document"})
Row = dict[str, Any]


class Database:
    """Everything the portal remembers, apart from sessions. Dates are ISO 8601 text, moments are UTC."""

    def __init__(self, seed: int, now: datetime) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(SCHEMA)
        self.accounts: dict[str, Account] = {account.label: account for account in people(seed)}
        for account in self.accounts.values():
            self._add(account, seed, now)

    def close(self) -> None:
        self._connection.close()

    def _add(self, account: Account, seed: int, now: datetime) -> None:
        salt = f"valombre-{seed}-{account.username}".encode()
        self._insert(
            "account",
            (
                account.username,
                account.label,
                account.given_name,
                account.family_name,
                account.role,
                salt,
                password_hash(account.password, salt),
                account.totp_secret,
            ),
        )
        records = records_of(account, seed, now)
        self._insert("profile", records.profile)
        if account.role == "patient":
            for table in ("result", "appointment", "message", "document"):
                for row in getattr(records, table + "s"):
                    self._insert(table, row)
        self.record_sign_in(account.username, now - timedelta(days=9, hours=3), "192.0.2.10")

    def _insert(self, table: str, row: Sequence[object]) -> None:
        marks = ", ".join("?" * len(row))
        self._connection.execute(f"insert into {table} values ({marks})", row)  # noqa: S608 own table names

    def _rows(self, query: str, *values: object) -> list[Row]:
        return [dict(row) for row in self._connection.execute(query, values)]

    def account(self, username: str) -> Row | None:
        rows = self._rows("select * from account where username = ?", username)
        return rows[0] if rows else None

    def password_is(self, username: str, password: str, *, check_unknown: bool = True) -> bool:
        """Compare in constant time; an unknown user costs as much as a known one unless told otherwise."""
        account = self.account(username)
        if account is None:
            if check_unknown:
                password_hash.__wrapped__(password, b"nobody")
            return False
        # Not through the cache: a remembered password would answer faster than a wrong one.
        given = password_hash.__wrapped__(password, account["salt"])
        return compare_digest(given, account["hash"])

    def set_password(self, username: str, password: str) -> None:
        account = self.account(username)
        if account is not None:
            hashed = password_hash.__wrapped__(password, account["salt"])
            self._connection.execute("update account set hash = ? where username = ?", (hashed, username))

    def profile(self, username: str) -> Row:
        return self._rows("select * from profile join account using (username) where username = ?", username)[0]

    def set_phone(self, username: str, phone: str) -> None:
        self._connection.execute("update profile set phone = ? where username = ?", (phone, username))

    def list_of(self, table: str, username: str) -> list[Row]:
        """Records of one patient, latest first. Raises KeyError when the table is not one of records."""
        if table not in TABLES:
            raise KeyError(table)
        column = "moment" if table == "appointment" else "day"
        return self._rows(f"select * from {table} where username = ? order by {column} desc", username)  # noqa: S608

    def get(self, table: str, identifier: str) -> Row | None:
        """One record, whoever owns it. Raises KeyError when the table is not one of records."""
        if table not in TABLES:
            raise KeyError(table)
        rows = self._rows(f"select * from {table} where id = ?", identifier)  # noqa: S608
        return rows[0] if rows else None

    def add_message(self, identifier: str, username: str, day: str, sender: str, subject: str, body: str) -> None:
        self._insert("message", (identifier, username, day, sender, subject, body))

    def patients(self) -> list[Row]:
        return self._rows(
            "select * from account join profile using (username) where role = 'patient' order by family_name"
        )

    def last_sign_in(self, username: str) -> str | None:
        rows = self._rows("select max(moment) as moment from sign_in where username = ?", username)
        return rows[0]["moment"] if rows else None

    def record_sign_in(self, username: str, moment: datetime, address: str) -> None:
        self._insert("sign_in", (username, moment.isoformat(timespec="seconds"), address))

    def record_event(self, moment: datetime, kind: str, username: str, address: str, request_id: str) -> None:
        self._insert("event", (moment.isoformat(timespec="milliseconds"), kind, username, address, request_id))

    def events(self, limit: int = 200) -> list[Row]:
        """The security journal, latest first."""
        return self._rows("select * from event order by rowid desc limit ?", limit)
