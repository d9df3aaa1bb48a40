//! Rebuilds when something that is embedded changes, and makes sure that the folder of the built site exists: a plain
//! `cargo check` needs no site.

fn main() {
    for folder in ["migrations", "integrations", "target/site"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    if std::env::var_os("CARGO_FEATURE_SSR").is_some() {
        // An error here shows when the macro that embeds the folder does not find it.
        let _ = std::fs::create_dir_all("target/site");
    }
}
