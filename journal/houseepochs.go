package journal

import (
	"slices"

	"holdfast/fact"
)

// Epoch is a key pair of the organisation, as its facts say.
type Epoch struct {
	Fact    fact.ID
	Hash    fact.Hash // of its public half
	Number  uint32
	Public  []byte
	Vault   []byte         // public half of the vault's key; nil in the first
	By      fact.Subject   // who drew it; zero: at the founding
	Without []fact.Subject // devices that it was kept from
	Given   map[fact.Subject]bool
	Held    bool // what said it is held back: nobody begins to use it
}

// knows tells whether a device may know the private half. Whoever it was not
// expressly kept from is taken to know it.
func (e Epoch) knows(device fact.Subject) bool {
	return device == e.By || !slices.Contains(e.Without, device) || e.Given[device]
}

// Spent tells whether a site node that is cut off knows an epoch: then nothing
// more is closed with it.
func (o House) Spent(e Epoch) bool {
	return slices.ContainsFunc(o.keptFrom(), e.knows)
}

// keptFrom lists the devices that are cut off and held, or may have held, the
// organisation's private key.
func (o House) keptFrom() []fact.Subject {
	var out []fact.Subject
	for _, c := range o.Cuts {
		device := c.Says.Device
		if e, ok := o.Devices[device]; c.Over || c.Lapse != nil || device.Zero() || ok && e.Card.Kind == fact.Desk || slices.Contains(out, device) {
			continue
		}
		out = append(out, device)
	}
	slices.SortFunc(out, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	return out
}

// Newest gives the epoch to seal to: the last that counts and that nobody who
// is cut off knows; false when there is none. Which of two that were begun
// apart comes last does not matter: both are good.
func (o House) Newest() (Epoch, bool) {
	for i := len(o.Epochs) - 1; i >= 0; i-- {
		if e := o.Epochs[i]; !e.Held && !o.Spent(e) {
			return e, true
		}
	}
	return Epoch{}, false
}

// epochOf finds an epoch by its hash.
func (o House) epochOf(hash fact.Hash) (Epoch, bool) {
	i := slices.IndexFunc(o.Epochs, func(e Epoch) bool { return e.Hash == hash })
	if i < 0 {
		return Epoch{}, false
	}
	return o.Epochs[i], true
}

// foldKeys folds what the history says about keys. What is held back is read as
// well: held facts are shown, so they must open. It makes nothing new count.
func (o *House) foldKeys(h fact.History, org fact.OrgID) {
	var said []KeysFresh
	for _, f := range append(slices.Clip(h.Facts()), h.Held()...) {
		switch f.Body.Kind {
		case EpochBegan{}.FactKind().Number:
			o.epochBegan(f, org)
		case SealingKey{}.FactKind().Number:
			if k, err := fact.Read[SealingKey](f); err == nil && o.signedBy(k.Device, k.Sig, labelSealingKey, k.signed(org)) {
				o.Sealing[k.Device] = k.Public
			}
		case EpochGiven{}.FactKind().Number:
			o.epochGiven(f)
		case DeskKey{}.FactKind().Number:
			if k, err := fact.Read[DeskKey](f); err == nil && o.signedBy(k.Device, k.Sig, labelDeskKey, k.signed(org)) {
				o.deskKeys = append(o.deskKeys, k)
			}
		case KeysFresh{}.FactKind().Number:
			if k, err := fact.Read[KeysFresh](f); err == nil {
				said = append(said, k)
			}
		}
	}
	o.foldFresh(said)
}

func (o *House) signedBy(device fact.Subject, sig []byte, label string, what []byte) bool {
	e, ok := o.Devices[device]
	return ok && fact.VerifyLabelled(e.Card.Key, sig, label, what)
}

// epochBegan takes an epoch in. One whose maker did not sign, or was not known,
// is kept from nobody.
func (o *House) epochBegan(f fact.Fact, org fact.OrgID) {
	says, err := fact.Read[EpochBegan](f)
	if err != nil {
		return
	}
	e := Epoch{Fact: f.ID, Hash: epochHash(says.Public), Number: says.Number, Public: says.Public, Vault: says.Vault, Given: map[fact.Subject]bool{}, Held: f.Held}
	if signed, err := says.signed(org); err == nil && len(says.By) == len(e.By) && o.signedBy(fact.Subject(says.By), says.Sig, labelEpochBegan, signed) {
		e.By, e.Without = fact.Subject(says.By), says.Without
	}
	if _, again := o.epochOf(e.Hash); !again {
		o.Epochs = append(o.Epochs, e)
	}
}

func (o *House) epochGiven(f fact.Fact) {
	g, err := fact.Read[EpochGiven](f)
	if err != nil {
		return
	}
	o.given = append(o.given, g)
	if e, ok := o.epochOf(g.Epoch); ok && !f.Held {
		e.Given[g.Device] = true
	}
}
