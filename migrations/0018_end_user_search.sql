-- The search of the dashboard finds end users by the beginning of their external id, in any workspace.
CREATE INDEX end_users_by_external_id ON end_users (external_id COLLATE "binary");
