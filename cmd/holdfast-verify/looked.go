package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// lookedLabel separates the signatures under reports of who looked.
const lookedLabel = "holdfast/who-looked/1"

// checkLooked checks a report of who looked at a record: that the device's key
// signed its exact text, and that the organisation's root keys enrolled that
// device. org may be empty: then the id printed is to be compared with one
// that the reader has from elsewhere.
func checkLooked(path, org string, out io.Writer) (int, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return unusable, err
	}
	id, name, err := lookedHolds(raw)
	if err == nil && org != "" && !strings.EqualFold(org, id) {
		err = fmt.Errorf("it is of the organisation %s", id)
	}
	if err != nil {
		_, failed := fmt.Fprintf(out, "does not hold: %v\n", err)
		return notHolds, failed
	}
	_, err = fmt.Fprintf(out, "holds: signed by a device of %s, organisation %s\n", name, id)
	return allHolds, err
}

// runLooked reads the arguments of the word "looked".
func runLooked(args []string, out, errOut io.Writer) int {
	f := flag.NewFlagSet("looked", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	org := f.String("org", "", "")
	err := f.Parse(args)
	if err == nil && f.NArg() != 1 {
		err = errors.New("one report is wanted, behind the flags")
	}
	if err == nil {
		var status int
		if status, err = checkLooked(f.Arg(0), *org, out); err == nil {
			return status
		}
	}
	fmt.Fprintf(errOut, "holdfast-verify looked: %v\n%s", err, usage)
	return unusable
}

// lookedHolds gives the organisation's id and name when the report holds.
func lookedHolds(raw []byte) (id, name string, err error) {
	const mark = "-----SIGNATURE-----\n"
	at := bytes.LastIndex(raw, []byte("\nend\n"+mark))
	if at < 0 {
		return "", "", errors.New("there is no signature under it")
	}
	body, tail := raw[:at+len("\nend\n")], string(raw[at+len("\nend\n"+mark):])
	parts := map[string][]byte{}
	for _, line := range strings.Split(strings.TrimRight(tail, "\n"), "\n") {
		what, data, ok := strings.Cut(line, ": ")
		b, bad := base64.StdEncoding.DecodeString(data)
		if !ok || bad != nil || parts[what] != nil {
			return "", "", errors.New("the signature is not readable")
		}
		parts[what] = b
	}
	in := &inspection{r: &report{}, cards: map[hash]card{}}
	genesis, err := readPaper("genesis", parts["genesis"])
	if err != nil {
		return "", "", err
	}
	if err := in.takeGenesis(genesis); err != nil {
		return "", "", err
	}
	var exchanges []paper
	for n := 1; parts[fmt.Sprintf("roots-%d", n)] != nil; n++ {
		p, err := readPaper("exchange of roots", parts[fmt.Sprintf("roots-%d", n)])
		if err != nil {
			return "", "", err
		}
		exchanges = append(exchanges, p)
	}
	if in.takeRoots(exchanges); in.r.Failures.count() > 0 {
		return "", "", errors.New(in.r.Failures.List[0].What)
	}
	paper, err := readPaper("device card", parts["card"])
	if err != nil {
		return "", "", err
	}
	key, device, err := in.cardKey(paper)
	if err != nil {
		return "", "", err
	}
	if in.r.Evidence.count() > 0 {
		return "", "", errors.New(in.r.Evidence.List[0].What)
	}
	if !signed(key, parts["signature"], lookedLabel, body) {
		return "", "", errors.New("the text is not what the device signed")
	}
	id = hex.EncodeToString(in.org[:])
	if !hasLine(body, "organisation-id: "+id) || !bytes.Contains(body, []byte(" "+device+"\n")) {
		return "", "", errors.New("it names another organisation or device than the one that signed")
	}
	return id, in.r.Name, nil
}

func hasLine(body []byte, line string) bool { return bytes.Contains(body, []byte("\n"+line+"\n")) }

// cardKey gives the key and the id of a device whose card the organisation's
// root keys signed.
func (in *inspection) cardKey(p paper) (key []byte, device string, err error) {
	if err := in.takeCard(p); err != nil {
		return nil, "", err
	}
	f := fieldsOf(p.bytes)
	device = hex.EncodeToString(f.bytes(3, 16))
	return f.bytes(6, 32), device, f.err
}
