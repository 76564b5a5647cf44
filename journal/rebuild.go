package journal

import (
	"context"
	"errors"
	"path/filepath"
)

// RebuildViews throws the views of a folder away and builds them anew from its
// journal. The folder must not be open.
func RebuildViews(ctx context.Context, dir string, o Options) error {
	o.Dir = dir
	o, err := o.complete()
	if err != nil {
		return err
	}
	if o.Demo, err = IsDemo(o.Dir); err != nil {
		return err
	}
	held, err := holdFolder(o.Dir)
	if err != nil {
		return err
	}
	err = errors.Join(removeViews(filepath.Join(o.Dir, "views.db")), held.release())
	if err != nil {
		return err
	}
	j, err := Open(ctx, o)
	if err != nil {
		return err
	}
	return j.Close()
}
