package content

import (
	"embed"
	"io/fs"
)

// shipped is the reviewed data that comes with the program. A new folder of
// content is named here and nowhere else; who uses it reads it by path.
//
//go:embed *.csv triage urgent
var shipped embed.FS

// Shipped reads the content that comes with the program. It is unsigned
// example content: MayRun tells where it may be used.
func Shipped() (*Set, error) { return Load(shipped) }

// ShippedFiles gives the same content as plain files, for those who check it.
func ShippedFiles() fs.FS { return shipped }
