package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"

	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/directory/directorydb"
	"holdfast/fact"
	"holdfast/journal"
)

// The ambulance service of the demo's district: a peer that takes requests in
// and gives receipts (docs/ambulance.md). Nobody works there.
const (
	ambulanceName = "Tarn and Fells Ambulance"
	ambulanceODS  = codes.ODS("ZZA01")
)

// ambulance runs the peer until the context is done.
func (o *demoOrg) ambulance(ctx context.Context, d demoFlags, lib *node.Library, log *slog.Logger) (err error) {
	if o.kind != "111" {
		return nil
	}
	place := node.Place{Dir: filepath.Join(d.data, "ambulance"), Demo: true, Clock: o.node.Now}
	if !journal.Here(place.Dir) {
		if err := node.Found(ctx, place, journal.Founding{Name: ambulanceName, ODS: string(ambulanceODS), DeviceName: "Ambulance control room"}, lib); err != nil {
			return err
		}
	}
	doors, err := peerDoor()
	if err != nil {
		return err
	}
	address := "https://" + doors.Addr().String() + "/direct"
	peer, err := node.Open(ctx, node.Config{Place: place, Library: lib, Log: log, Version: version(), Host: "ambulance.localhost", Machines: doors})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, peer.Close()) }()
	ours, err := peer.Invite(o.name, o.ods, address)
	if err != nil {
		return err
	}
	theirs, err := o.node.Invite(ambulanceName, ambulanceODS, o.doorURL()+"/direct")
	if err == nil {
		err = errors.Join(o.node.Know(ours), peer.Know(theirs), o.listAmbulance(ctx))
	}
	if err != nil {
		return err
	}
	peer.Start()
	<-ctx.Done()
	return nil
}

// listAmbulance gives the ambulance control of the directory a door for
// machines, once.
func (o *demoOrg) listAmbulance(ctx context.Context) error {
	known, err := directorydb.Entries(ctx, o.node.Journal.Views(), o.node.Device)
	if err != nil {
		return err
	}
	for _, e := range known {
		s, ok := e.Current()
		if !ok || s.ODS != ambulanceODS || slices.ContainsFunc(s.Doors, func(d directory.Door) bool { return d.Route == directory.RouteDirect }) {
			continue
		}
		s.Doors = append([]directory.Door{{Route: directory.RouteDirect}}, s.Doors...)
		if _, err := o.node.Journal.Do(ctx, o.node.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
			_, err := tx.History(e.Subject) // what it replaces
			return []fact.Draft{fact.Say(e.Subject, directory.ServiceListed{Service: s})}, err
		}); err != nil {
			return err
		}
	}
	return nil
}
