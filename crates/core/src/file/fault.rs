//! Why a file cannot be sent.

use crate::error::{Code, Fault};

/// Why a file cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Files are not read for this invocation.
    #[error("files are not read here")]
    NotAllowed,
    /// The file cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why, such as `it is a folder`.
        reason: String,
    },
    /// What a service sent cannot be kept as a file.
    #[error("the reply cannot be kept in `{folder}`: {reason}")]
    Unwritable {
        /// The folder.
        folder: String,
        /// Why.
        reason: String,
    },
    /// The content is not base64.
    #[error("its `base64` is not base64 (RFC 4648, section 4)")]
    NotBase64,
    /// What stands where a file is meant is none.
    #[error("a file is needed, not {found}")]
    NotAFile {
        /// What is there.
        found: &'static str,
    },
}

impl Fault for FileFault {
    fn code(&self) -> Code {
        match self {
            FileFault::NotAllowed | FileFault::Unreadable { .. } => Code::INPUT_FILE,
            FileFault::Unwritable { .. } => Code::OUTPUT_UNWRITABLE,
            FileFault::NotBase64 => Code::INPUT_FORMAT,
            FileFault::NotAFile { .. } => Code::TEMPLATE_VALUE,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            FileFault::NotAllowed => {
                "give what is in it, as `base64` or `text`, with its `name` and `type`"
            }
            FileFault::Unreadable { .. } => "name a regular file that can be read",
            FileFault::Unwritable { .. } => {
                "the request was sent: see to the folder and its disk before it is sent again"
            }
            FileFault::NotBase64 => {
                "letters, digits, `+` and `/`, in groups of four that `=` fills up"
            }
            FileFault::NotAFile { .. } => "refer to an input of type `file`",
        };
        Some(text.to_owned())
    }
}
