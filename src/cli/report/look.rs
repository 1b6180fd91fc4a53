//! The look of pages: templates and brand, read from files and checked.

use std::path::Path;

use crate::cli::{Context, Failure};
use crate::render::html::templates;
use crate::render::{Brand, Look, Templates};
use crate::settings::BrandSettings;

/// The look by `--templates` and `[brand]`.
pub(in crate::cli) fn look(folder: Option<&Path>, context: &Context) -> Result<Look, Failure> {
    let templates = folder.map_or_else(|| Ok(Templates::default()), read)?;
    Ok(Look { templates, brand: brand(&context.settings.brand)? })
}

/// The tool's templates, those of the folder in place of their namesakes.
fn read(folder: &Path) -> Result<Templates, Failure> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Failure::usage(format!("could not read the templates in `{shown}`: {error}"))
    })?;
    let known: Vec<&str> = templates::names().collect();
    let mut found = Templates::default();
    let mut replaced = 0;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_template = entry.path().extension().is_some_and(|end| end == "j2" || end == "css");
        if !is_template || !entry.path().is_file() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).map_err(|error| {
            Failure::usage(format!(
                "could not read the template `{}`: {error}",
                entry.path().display()
            ))
        })?;
        replaced += usize::from(known.contains(&name.as_str()));
        found = found.with(name, text);
    }
    if replaced == 0 {
        return Err(Failure::usage(format!(
            "`{shown}` holds no template of a report; it takes the place of {}",
            known.join(", ")
        )));
    }
    Ok(found)
}

fn brand(settings: &BrandSettings) -> Result<Brand, Failure> {
    let wrong = |problem: crate::render::BrandProblem| {
        Failure::usage(format!("{problem} (in `[brand]` of the configuration)"))
    };
    let mut brand = Brand::named(settings.title.clone());
    if let Some(path) = &settings.logo {
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::usage(format!(
                "could not read the logo `{}`: {error}; correct `logo` in `[brand]`, or leave it out",
                path.display()
            ))
        })?;
        brand = brand.with_logo(bytes).map_err(wrong)?;
    }
    if let Some(accent) = &settings.accent {
        brand = brand.with_accent(accent).map_err(wrong)?;
    }
    if let Some(accent) = &settings.accent_dark {
        brand = brand.with_accent_dark(accent).map_err(wrong)?;
    }
    Ok(brand)
}
