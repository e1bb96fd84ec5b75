"""The tables of a store, one step of statements for each version of the schema.

A new store takes all the steps, an older one those it lacks. Each table belongs to the module named beside it.
"""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        # store
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
        "CREATE TABLE verifiers (profile TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE known_hosts (
            address TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, certificate BLOB NOT NULL, first_seen INTEGER NOT NULL
        ) WITHOUT ROWID""",
    ),
    (
        """INSERT INTO settings VALUES
            ('interactive', 'always'), ('preset', 'standard'), ('acl', 0), ('saving', 1), ('voids', 0), ('admin', X''),
            ('totp', 'off'), ('totp_secret', X''), ('totp_step', 0), ('totp_tokens', 0), ('totp_resume', 0)""",
        # profiles: `allowed` is 1 or 0, or NULL where the standard permission is used
        "CREATE TABLE profiles (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE profile_rights (
            profile TEXT, permission TEXT, allowed INTEGER, PRIMARY KEY (profile, permission)
        ) WITHOUT ROWID""",
        """INSERT INTO profiles VALUES
            ('Default', 1), ('Screen Sharing', 1), ('Full Access', 1), ('Unattended Access', 1)""",
        # acl
        "CREATE TABLE acl (pattern TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID",
        # tokens; times are unix seconds
        """CREATE TABLE tokens (
            hash BLOB PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, alias TEXT, profile TEXT NOT NULL,
            issued REAL NOT NULL, used REAL
        ) WITHOUT ROWID""",
        # resume; `rights` are names with spaces between them
        """CREATE TABLE resumes (
            hash BLOB PRIMARY KEY, session TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, alias TEXT,
            profile TEXT NOT NULL, rights TEXT NOT NULL, unattended INTEGER NOT NULL, until REAL NOT NULL
        ) WITHOUT ROWID""",
        # totp
        "CREATE TABLE recovery_codes (hash BLOB PRIMARY KEY) WITHOUT ROWID",
        # throttle
        """CREATE TABLE throttle (
            bucket TEXT PRIMARY KEY, misses INTEGER NOT NULL, level REAL NOT NULL, at REAL NOT NULL,
            refused INTEGER NOT NULL
        ) WITHOUT ROWID""",
        "CREATE TABLE known_clients (fingerprint TEXT PRIMARY KEY, last_in REAL NOT NULL) WITHOUT ROWID",
        # prompts
        "CREATE TABLE prompts (fingerprint TEXT NOT NULL, asked REAL NOT NULL)",
        # saved; `until` is NULL while the session may still be alive
        "CREATE TABLE saved_logins (host TEXT PRIMARY KEY, token BLOB, resume BLOB, until REAL) WITHOUT ROWID",
    ),
    (
        # trust: what a host knows of the namespaces it trusts; `list_number` and `list_until` are NULL before any list
        """CREATE TABLE namespaces (
            name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, certificate BLOB NOT NULL, list_number INTEGER,
            list_until INTEGER
        ) WITHOUT ROWID""",
        """CREATE TABLE revocations (
            namespace TEXT NOT NULL, serial TEXT NOT NULL, PRIMARY KEY (namespace, serial)
        ) WITHOUT ROWID""",
        # own_certificate: the alias that this home's key shows to hosts
        """CREATE TABLE own_certificate (
            one INTEGER PRIMARY KEY CHECK (one = 1), alias TEXT NOT NULL, certificate BLOB NOT NULL
        )""",
        # issuing: the namespaces that are run from this home; `lists` counts the revocation lists
        "CREATE TABLE authorities (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, lists INTEGER NOT NULL)",
        """CREATE TABLE issued (
            serial TEXT PRIMARY KEY, namespace TEXT NOT NULL, alias TEXT NOT NULL, fingerprint TEXT NOT NULL,
            expires INTEGER NOT NULL, revoked INTEGER
        ) WITHOUT ROWID""",
        "CREATE INDEX issued_by_alias ON issued (namespace, alias)",
        # audit_heads: the head of this home's log, and those of hosts' logs that it signed
        """CREATE TABLE audit_anchor (
            one INTEGER PRIMARY KEY CHECK (one = 1), begun BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL
        )""",
        """CREATE TABLE audit_receipts (
            host TEXT PRIMARY KEY, begun BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, at REAL NOT NULL
        ) WITHOUT ROWID""",
        # policy_rules: windows, denials and limits, each as JSON
        "CREATE TABLE policy_rules (place INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL)",
    ),
)
