mod api_keys;
mod connections;
mod end_users;
mod errors;
mod integrations;
mod oauth_apps;
mod resolve;
mod workspaces;
