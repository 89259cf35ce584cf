-- The spine: tenants, their people and applications, what they connect to, the rules, and the log.
-- Ids are text with their prefix; text sorts as bytes, so ids of one kind sort by time of creation.

-- kontext_app does the work of one organization at a time; row-level security shows it no other.
-- kontext_identity keeps what the authorization server must find before it can know the organization.
-- Neither owns a table, so neither can switch row-level security off.
DO $$ BEGIN CREATE ROLE kontext_app NOLOGIN NOBYPASSRLS; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE kontext_identity NOLOGIN NOBYPASSRLS; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN EXECUTE format('GRANT kontext_app, kontext_identity TO %I', current_user); EXCEPTION WHEN invalid_grant_operation OR insufficient_privilege OR unique_violation THEN NULL; END $$;

CREATE FUNCTION current_organization() RETURNS text LANGUAGE sql STABLE
  RETURN nullif(current_setting('kontext.organization', true), '');

CREATE TABLE organization (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'org\_%'),
  name text NOT NULL,
  -- Made by KONTEXT_BOOTSTRAP on an empty database; of two nodes that start together one makes it.
  bootstrapped boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX organization_bootstrapped ON organization (bootstrapped) WHERE bootstrapped;

-- The one row that orders everything in an organization: the last number and hash of its log, and the revision that
-- every change of access raises. Whoever appends locks it, last in the transaction.
CREATE TABLE organization_head (
  organization_id text COLLATE "C" PRIMARY KEY REFERENCES organization ON DELETE CASCADE,
  sequence bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL,
  access_revision bigint NOT NULL DEFAULT 1
);

-- One data key an organization, wrapped by a master key; 'platform' is the server's own.
CREATE TABLE data_key (
  organization_id text COLLATE "C" PRIMARY KEY,
  wrapped bytea NOT NULL,
  master_key_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sign_in_provider (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'idp\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  issuer text NOT NULL,
  client_id text NOT NULL,
  client_secret bytea,
  groups_claim text NOT NULL DEFAULT 'groups',
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id)
);

CREATE TABLE users (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'usr\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER')),
  status text NOT NULL CHECK (status IN ('ACTIVE', 'DEACTIVATED')),
  issuer text,
  subject text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id, id),
  -- Sign-in finds a person by what the provider says never changes.
  UNIQUE (organization_id, issuer, subject)
);
-- Sign-in links an invited person, who has no subject yet, by verified address; at most one such row.
CREATE UNIQUE INDEX users_invited ON users (organization_id, lower(email)) WHERE subject IS NULL;

CREATE TABLE groups (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'grp\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id, id),
  UNIQUE (organization_id, name)
);

CREATE TABLE group_member (
  organization_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (group_id, user_id),
  FOREIGN KEY (organization_id, group_id) REFERENCES groups (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
-- A decision asks for the groups of one user.
CREATE INDEX group_member_user ON group_member (user_id);

CREATE TABLE application (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'app\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('PUBLIC', 'CONFIDENTIAL')),
  status text NOT NULL CHECK (status IN ('ACTIVE', 'DISABLED')),
  owner_id text COLLATE "C",
  redirect_uris text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id, id),
  FOREIGN KEY (organization_id, owner_id) REFERENCES users (organization_id, id)
);
CREATE INDEX application_organization ON application (organization_id, id);

CREATE TABLE service_account (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'svc\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  name text NOT NULL,
  scopes text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('ACTIVE', 'REVOKED')),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id, id)
);

-- Secrets of applications and service accounts: 256 random bits each, so a plain digest is enough to keep them.
CREATE TABLE client_secret (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'sec\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  client_id text COLLATE "C" NOT NULL,
  digest bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz
);
-- Client authentication reads the live secrets of one client.
CREATE INDEX client_secret_client ON client_secret (client_id);

CREATE TABLE integration (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'int\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  handle text NOT NULL,
  name text NOT NULL,
  auth_mode text NOT NULL CHECK (auth_mode IN ('OAUTH', 'USER_TOKEN', 'SERVER_TOKEN', 'NONE')),
  exchange_mode text NOT NULL DEFAULT 'DECLARED' CHECK (exchange_mode IN ('DECLARED', 'STRICT')),
  provider text,
  issuer text,
  authorization_endpoint text,
  token_endpoint text,
  revocation_endpoint text,
  scopes text[] NOT NULL DEFAULT '{}',
  mcp_url text,
  api_base_url text,
  oauth_client_id text,
  oauth_client_secret bytea,
  server_token bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id, id),
  -- The exchange names an integration by handle.
  UNIQUE (organization_id, handle)
);

CREATE TABLE application_integration (
  organization_id text COLLATE "C" NOT NULL,
  application_id text COLLATE "C" NOT NULL,
  integration_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (application_id, integration_id),
  FOREIGN KEY (organization_id, application_id) REFERENCES application (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, integration_id) REFERENCES integration (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX application_integration_integration ON application_integration (integration_id);

CREATE TABLE capability (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'cap\_%'),
  organization_id text COLLATE "C" NOT NULL,
  integration_id text COLLATE "C" NOT NULL,
  operation text NOT NULL,
  description text,
  input_schema jsonb,
  annotations jsonb,
  definition_hash text NOT NULL,
  origin text NOT NULL CHECK (origin IN ('DECLARED', 'DISCOVERED')),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (integration_id, operation),
  FOREIGN KEY (organization_id, integration_id) REFERENCES integration (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE connection (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'con\_%'),
  organization_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  integration_id text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('CONNECTED', 'DISCONNECTED')),
  -- Why it is disconnected; null while connected.
  reason text CHECK (reason IN ('disconnected', 'expired', 'reauthorization_required')),
  since timestamptz NOT NULL DEFAULT now(),
  -- Raised by every write of the credential; the log refuses what was decided on an older one.
  version bigint NOT NULL DEFAULT 1,
  credential bytea,
  expires_at timestamptz,
  scopes text[] NOT NULL DEFAULT '{}',
  -- The right to refresh: whoever raised the epoch holds it until lease_until, and writes only under its own epoch.
  lease_epoch bigint NOT NULL DEFAULT 0,
  lease_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((status = 'CONNECTED') = (credential IS NOT NULL)),
  CHECK ((status = 'CONNECTED') = (reason IS NULL)),
  UNIQUE (user_id, integration_id),
  FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, integration_id) REFERENCES integration (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_integration ON connection (integration_id);
CREATE INDEX connection_organization ON connection (organization_id, id);

-- A round trip through a browser that has begun and is consumed once: a sign-in or a connect.
CREATE TABLE attempt (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'att\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('SIGN_IN', 'CONNECT')),
  user_id text COLLATE "C",
  integration_id text COLLATE "C",
  -- Digests of the state parameter and of the cookie of the browser that began; null until that browser arrives.
  state_digest bytea,
  browser_digest bytea,
  -- Sealed: PKCE verifier, nonce and whatever else the callback needs.
  secrets bytea,
  return_to text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  consumed_at timestamptz,
  FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, integration_id) REFERENCES integration (organization_id, id) ON DELETE CASCADE
);
-- The callback finds its attempt by state.
CREATE UNIQUE INDEX attempt_state ON attempt (state_digest);
-- The sweeper deletes what has expired.
CREATE INDEX attempt_expires ON attempt (expires_at);

CREATE TABLE policy (
  id text COLLATE "C" PRIMARY KEY CHECK (id LIKE 'pol\_%'),
  organization_id text COLLATE "C" NOT NULL REFERENCES organization ON DELETE CASCADE,
  layer text NOT NULL CHECK (layer IN ('ORGANIZATION', 'USER', 'APPLICATION')),
  effect text NOT NULL CHECK (effect IN ('ALLOW', 'DENY')),
  subject_kind text NOT NULL CHECK (subject_kind IN ('EVERYONE', 'GROUP', 'USER', 'ROLE', 'APPLICATION')),
  -- An id, a role's name, or null for everyone.
  subject_id text COLLATE "C",
  -- Null: every integration.
  integration_id text COLLATE "C",
  -- Null: every capability of the integration.
  operation text,
  -- User layer only: the one application this rule is about. Consent writes it, so that what a user grants to one
  -- application is not granted to another. Null: every application.
  application_id text COLLATE "C",
  -- A condition in CEL; until it can be evaluated, an ALLOW that has one does not match and a DENY does.
  condition text,
  expires_at timestamptz,
  state text NOT NULL DEFAULT 'LIVE' CHECK (state IN ('LIVE', 'DRAFT')),
  origin text NOT NULL DEFAULT 'MANUAL' CHECK (origin IN ('MANUAL', 'ATTACHMENT', 'CONSENT')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (operation IS NULL OR integration_id IS NOT NULL),
  CHECK ((subject_kind = 'EVERYONE') = (subject_id IS NULL)),
  CHECK (application_id IS NULL OR layer = 'USER'),
  CHECK (CASE layer WHEN 'ORGANIZATION' THEN subject_kind IN ('EVERYONE', 'GROUP')
                    WHEN 'USER' THEN subject_kind IN ('USER', 'GROUP', 'ROLE')
                    ELSE subject_kind = 'APPLICATION' END),
  FOREIGN KEY (organization_id, integration_id) REFERENCES integration (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, application_id) REFERENCES application (organization_id, id) ON DELETE CASCADE
);
-- A decision reads the rules about one integration and those about all of them, for a handful of subjects.
CREATE INDEX policy_decision ON policy (organization_id, integration_id, subject_id);

-- One row a decision, invocation and change. `body` is canonical JSON and is what the hash covers; the other columns
-- repeat parts of it for filters, are cut from it by append_audit, and are held against it by the verifier.
-- No foreign key to the organization: append_audit holds the head, which has one, and a check for each row would cost more
-- than the row.
CREATE TABLE audit_event (
  organization_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  outcome text NOT NULL,
  actor_id text,
  user_id text,
  application_id text,
  integration_id text,
  capability text,
  body text NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (organization_id, sequence)
);
-- node(id) and the audit_id of an answer.
CREATE UNIQUE INDEX audit_event_id ON audit_event (organization_id, id);
-- A member's page shows the events about that member.
CREATE INDEX audit_event_user ON audit_event (organization_id, user_id, sequence);
-- And what that member did to others; decisions, whose actor is an application, stay out of it.
CREATE INDEX audit_event_acting_user ON audit_event (organization_id, actor_id, sequence) WHERE starts_with(actor_id, 'usr_');

-- What the authorization server stores: sessions, interactions, grants, codes, refresh tokens. Ids are bearer secrets,
-- so only their digests are kept; payloads are sealed.
CREATE TABLE oidc_record (
  model text NOT NULL,
  id_digest bytea NOT NULL,
  organization_id text COLLATE "C" REFERENCES organization ON DELETE CASCADE,
  account_id text COLLATE "C",
  client_id text COLLATE "C",
  grant_digest bytea,
  uid_digest bytea,
  user_code_digest bytea,
  payload bytea NOT NULL,
  expires_at timestamptz,
  consumed_at timestamptz,
  PRIMARY KEY (model, id_digest)
);
CREATE INDEX oidc_record_grant ON oidc_record (grant_digest);
CREATE INDEX oidc_record_uid ON oidc_record (uid_digest);
CREATE INDEX oidc_record_account ON oidc_record (organization_id, account_id);
CREATE INDEX oidc_record_client ON oidc_record (organization_id, client_id);
CREATE INDEX oidc_record_expires ON oidc_record (expires_at);

CREATE TABLE signing_key (
  kid text PRIMARY KEY,
  algorithm text NOT NULL,
  public_jwk jsonb NOT NULL,
  private_jwk bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- A browser in which somebody has signed in; the cookie holds the value whose digest this is.
CREATE TABLE browser_session (
  digest bytea PRIMARY KEY,
  organization_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX browser_session_expires ON browser_session (expires_at);

-- Row-level security: kontext_app sees and writes rows of the organization its transaction was opened as, and no other.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['organization_head', 'data_key', 'sign_in_provider', 'users', 'groups', 'group_member', 'application',
    'service_account', 'client_secret', 'integration', 'application_integration', 'capability', 'connection', 'attempt',
    'policy', 'audit_event', 'oidc_record', 'browser_session']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I TO kontext_app USING (organization_id = current_organization()) WITH CHECK (organization_id = current_organization())', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kontext_app', t);
  END LOOP;
END $$;
ALTER TABLE organization ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organization TO kontext_app USING (id = current_organization()) WITH CHECK (id = current_organization());
GRANT SELECT, INSERT, UPDATE ON organization TO kontext_app;

-- The log is written once and read.
REVOKE UPDATE, DELETE ON audit_event FROM kontext_app;
REVOKE DELETE ON organization_head FROM kontext_app;

-- The authorization server looks a client up before it knows the organization; it reads these and writes only its own.
ALTER TABLE signing_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY identity ON signing_key TO kontext_identity USING (true) WITH CHECK (true);
CREATE POLICY identity ON oidc_record TO kontext_identity USING (true) WITH CHECK (true);
CREATE POLICY identity ON browser_session TO kontext_identity USING (true) WITH CHECK (true);
CREATE POLICY identity ON application FOR SELECT TO kontext_identity USING (true);
CREATE POLICY identity ON service_account FOR SELECT TO kontext_identity USING (true);
CREATE POLICY identity ON client_secret FOR SELECT TO kontext_identity USING (true);
CREATE POLICY identity ON users FOR SELECT TO kontext_identity USING (true);
CREATE POLICY identity ON organization FOR SELECT TO kontext_identity USING (true);
CREATE POLICY identity ON organization_head FOR SELECT TO kontext_identity USING (true);
CREATE POLICY identity ON attempt TO kontext_identity USING (true);
CREATE POLICY platform ON data_key TO kontext_identity USING (organization_id = 'platform') WITH CHECK (organization_id = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON oidc_record, signing_key, browser_session TO kontext_identity;
GRANT SELECT ON application, service_account, client_secret, users, organization, organization_head TO kontext_identity;
GRANT SELECT, DELETE ON attempt TO kontext_identity;
GRANT SELECT, INSERT ON data_key TO kontext_identity;

-- Appends entries to an organization's log in one round trip: locks its head, refuses each entry whose fence no longer
-- stands, numbers the rest without a gap, chains their hashes, inserts. An entry is
--   {"body": canonical JSON text, "alters_access"?: true, "revision"?: n, "connection"?: id, "connection_version"?: n}.
-- Answers one row an entry, in order: its number, or null where the entry was stale and nothing was written for it.
-- Whoever waits for the head sees, once it has the lock, everything the holder before it committed: that is why a
-- revocation that was acknowledged is never outrun.
CREATE FUNCTION append_audit(p_organization text, p_entries jsonb)
RETURNS TABLE (ordinal bigint, number bigint) LANGUAGE plpgsql AS $$
DECLARE
  head organization_head;
  first bigint;
  entry record;
  bodies text[] := '{}';
  hashes bytea[] := '{}';
  numbers bigint[] := '{}';
BEGIN
  SELECT * INTO head FROM organization_head h WHERE h.organization_id = p_organization FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such organization' USING ERRCODE = 'no_data_found';
  END IF;
  first := head.sequence;
  FOR entry IN SELECT * FROM jsonb_to_recordset(p_entries)
    AS e(body text, alters_access boolean, revision bigint, connection text, connection_version bigint)
  LOOP
    IF (entry.revision IS NULL OR entry.revision = head.access_revision)
       AND (entry.connection IS NULL OR EXISTS (
         SELECT FROM connection c WHERE c.id = entry.connection AND c.status = 'CONNECTED' AND c.version = entry.connection_version))
    THEN
      head.sequence := head.sequence + 1;
      head.hash := sha256(head.hash || int8send(head.sequence) || convert_to(entry.body, 'UTF8'));
      IF entry.alters_access THEN
        head.access_revision := head.access_revision + 1;
      END IF;
      bodies := bodies || entry.body;
      hashes := hashes || head.hash;
      numbers := numbers || head.sequence;
    ELSE
      numbers := numbers || NULL::bigint;
    END IF;
  END LOOP;
  -- OFFSET 0 keeps the body from being parsed once a column.
  INSERT INTO audit_event (organization_id, sequence, id, at, kind, outcome, actor_id, user_id, application_id,
                           integration_id, capability, body, hash)
  SELECT p_organization, first + fresh.ordinality, event ->> 'id', (event ->> 'at')::timestamptz, event ->> 'kind',
         event ->> 'outcome', event #>> '{actor,id}', event #>> '{user,id}', event #>> '{application,id}',
         event #>> '{integration,id}', event ->> 'capability', fresh.body, fresh.hash
  FROM unnest(bodies, hashes) WITH ORDINALITY AS fresh(body, hash, ordinality),
       LATERAL (SELECT fresh.body::jsonb AS event OFFSET 0) AS parsed;
  UPDATE organization_head h SET sequence = head.sequence, hash = head.hash, access_revision = head.access_revision
    WHERE h.organization_id = p_organization;
  RETURN QUERY SELECT n.ordinality, n.number FROM unnest(numbers) WITH ORDINALITY AS n(number, ordinality);
END $$;
