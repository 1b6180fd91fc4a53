//! Tells the tests whether a browser is there to look at reports with: where it isn't, the tests that
//! need one are listed as ignored, with the reason.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(has_browser)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &str| {
        let found = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file());
        found.is_some()
    };
    if is_there("chromium") && is_there("node") && is_there("npm") {
        println!("cargo::rustc-cfg=has_browser");
    }
}
