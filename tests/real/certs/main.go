// Command certs writes a throw-away certificate authority and what it signed into a folder: NAME.crt and NAME.key.
//
// Node signs tokens but makes no certificates. The API server takes clients of this authority by common name and
// organisation; a static token file would add an authenticator and change the texts that are compared.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// wanted is one certificate: who it speaks for, and whether it serves or asks.
type wanted struct {
	name         string
	commonName   string
	organization []string
	serves       bool
}

var leaves = []wanted{
	{name: "server", commonName: "kube-apiserver", serves: true},
	{name: "issuer", commonName: "issuer", serves: true},
	{name: "admin", commonName: "admin", organization: []string{"system:masters"}},
	{name: "node", commonName: "system:node:node-1", organization: []string{"system:nodes"}},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: certs FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(dir string) error {
	authority := template("podpass test authority", nil)
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := save(dir, "ca", authority, authority, authorityKey, authorityKey); err != nil {
		return err
	}
	for _, leaf := range leaves {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		certificate := template(leaf.commonName, leaf.organization)
		certificate.KeyUsage = x509.KeyUsageDigitalSignature
		certificate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		if leaf.serves {
			certificate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			certificate.DNSNames = []string{"localhost"}
			certificate.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		if err := save(dir, leaf.name, certificate, authority, key, authorityKey); err != nil {
			return err
		}
	}
	return nil
}

func template(commonName string, organization []string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName, Organization: organization},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

func save(dir, name string, certificate, authority *x509.Certificate, key, authorityKey *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, certificate, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for file, block := range map[string]*pem.Block{
		name + ".crt": {Type: "CERTIFICATE", Bytes: der},
		name + ".key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}
