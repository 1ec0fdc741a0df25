//! Files as values: what an input of type `file` is given as, what a reply that is kept as a file is given out as, and their names.

mod fault;
mod media_types;
mod name;
mod opened;
mod value;

pub use fault::FileFault;
pub use media_types::{extension_of, media_type_of};
pub use name::{disposition, in_quotes, name_of};
pub use opened::OpenedFile;
pub use value::{CONTENT, FileValue, NamedPath, may_hold, paths_in, settle_files, shape_fault};
