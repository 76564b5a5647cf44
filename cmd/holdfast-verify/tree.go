package main

import "crypto/sha256"

type hash [32]byte

// labelled is how Holdfast hashes and signs: label, a zero byte, the parts.
func labelled(label string, parts ...[]byte) []byte {
	in := append([]byte(label), 0)
	for _, p := range parts {
		in = append(in, p...)
	}
	return in
}

func hashOf(label string, parts ...[]byte) hash { return sha256.Sum256(labelled(label, parts...)) }

// tree is the right-hand edge of a Merkle tree as in RFC 6962, section 2.1:
// the hashes of its complete subtrees, the largest first.
type tree struct {
	size uint64
	edge []hash
}

func (t *tree) add(leaf []byte) {
	h := hash(sha256.Sum256(append([]byte{0}, leaf...)))
	for n := t.size; n&1 == 1; n >>= 1 {
		h = above(t.edge[len(t.edge)-1], h)
		t.edge = t.edge[:len(t.edge)-1]
	}
	t.edge = append(t.edge, h)
	t.size++
}

// root of the tree; that of an empty one is all zero in heads.
func (t *tree) root() hash {
	if len(t.edge) == 0 {
		return hash{}
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = above(t.edge[i], h)
	}
	return h
}

func above(left, right hash) hash {
	in := make([]byte, 0, 65)
	in = append(append(append(in, 1), left[:]...), right[:]...)
	return sha256.Sum256(in)
}
