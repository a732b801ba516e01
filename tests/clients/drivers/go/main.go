// A client of github.com/centrifugal/centrifuge-go, driven by JSON lines: see tests/clients/driver.py.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

type object = map[string]any

var output sync.Mutex

func say(event object) {
	output.Lock()
	defer output.Unlock()
	line, _ := json.Marshal(event)
	os.Stdout.Write(append(line, '\n'))
}

type command struct {
	Call    string          `json:"call"`
	Ref     int             `json:"ref"`
	Channel string          `json:"channel"`
	Data    json.RawMessage `json:"data"`
	Method  string          `json:"method"`
	Limit   int32           `json:"limit"`
	Reverse bool            `json:"reverse"`
	Times   int             `json:"times"`
	Since   *struct {
		Offset uint64 `json:"offset"`
		Epoch  string `json:"epoch"`
	} `json:"since"`
	Options struct {
		JoinLeave bool `json:"joinLeave"`
	} `json:"options"`
}

type driver struct {
	client *centrifuge.Client
}

func (d *driver) subscription(channel string, joinLeave bool) (*centrifuge.Subscription, error) {
	if known, ok := d.client.GetSubscription(channel); ok {
		return known, nil
	}
	made, err := d.client.NewSubscription(channel, centrifuge.SubscriptionConfig{JoinLeave: joinLeave})
	if err != nil {
		return nil, err
	}
	made.OnPublication(func(e centrifuge.PublicationEvent) {
		event := object{"on": "publication", "channel": channel, "data": json.RawMessage(e.Data), "offset": e.Offset}
		if e.Info != nil {
			event["client"] = e.Info.Client
		}
		say(event)
	})
	made.OnSubscribed(func(e centrifuge.SubscribedEvent) {
		say(object{"on": "subscribed", "channel": channel, "wasRecovering": e.WasRecovering, "recovered": e.Recovered})
	})
	made.OnUnsubscribed(func(e centrifuge.UnsubscribedEvent) {
		say(object{"on": "unsubscribed", "channel": channel, "code": e.Code})
	})
	made.OnJoin(func(e centrifuge.JoinEvent) {
		say(object{"on": "join", "channel": channel, "client": e.ClientInfo.Client})
	})
	made.OnLeave(func(e centrifuge.LeaveEvent) {
		say(object{"on": "leave", "channel": channel, "client": e.ClientInfo.Client})
	})
	made.OnError(func(e centrifuge.SubscriptionErrorEvent) {
		say(object{"on": "error", "channel": channel, "code": codeOf(e.Error)})
	})
	return made, nil
}

func codeOf(err error) any {
	var known *centrifuge.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return err.Error()
}

func (d *driver) do(c command) (any, error) {
	within, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	switch c.Call {
	case "connect":
		return nil, d.client.Connect()
	case "disconnect":
		return nil, d.client.Disconnect()
	case "subscribe", "unsubscribe", "burst":
		room, err := d.subscription(c.Channel, c.Options.JoinLeave)
		if err != nil {
			return nil, err
		}
		for range c.Times {
			_ = room.Subscribe()
			// Leaving before the reply, this client sends no further subscribe: it would take the first one's reply for the last's.
			for room.State() == centrifuge.SubStateSubscribing {
				time.Sleep(time.Millisecond)
			}
			_ = room.Unsubscribe()
		}
		if c.Call == "unsubscribe" {
			return nil, room.Unsubscribe()
		}
		return nil, room.Subscribe()
	case "publish":
		_, err := d.client.Publish(within, c.Channel, c.Data)
		return nil, err
	case "history":
		options := []centrifuge.HistoryOption{centrifuge.WithHistoryLimit(c.Limit), centrifuge.WithHistoryReverse(c.Reverse)}
		if c.Since != nil {
			options = append(options, centrifuge.WithHistorySince(&centrifuge.StreamPosition{Offset: c.Since.Offset, Epoch: c.Since.Epoch}))
		}
		found, err := d.client.History(within, c.Channel, options...)
		if err != nil {
			return nil, err
		}
		publications := []object{}
		for _, each := range found.Publications {
			publications = append(publications, object{"offset": each.Offset, "data": json.RawMessage(each.Data)})
		}
		return object{"offset": found.Offset, "epoch": found.Epoch, "publications": publications}, nil
	case "presence":
		found, err := d.client.Presence(within, c.Channel)
		names := []string{}
		for name := range found.Clients {
			names = append(names, name)
		}
		return names, err
	case "presence_stats":
		found, err := d.client.PresenceStats(within, c.Channel)
		return []int{found.NumClients, found.NumUsers}, err
	case "rpc":
		found, err := d.client.RPC(within, c.Method, c.Data)
		return json.RawMessage(found.Data), err
	}
	return nil, errors.New("no such call: " + c.Call)
}

func main() {
	client := centrifuge.NewJsonClient(os.Args[1], centrifuge.Config{
		Name:              os.Args[2],
		MinReconnectDelay: 50 * time.Millisecond,
		MaxReconnectDelay: 500 * time.Millisecond,
		HandshakeTimeout:  10 * time.Second,
	})
	client.OnConnected(func(e centrifuge.ConnectedEvent) { say(object{"on": "connected", "client": e.ClientID}) })
	client.OnConnecting(func(e centrifuge.ConnectingEvent) { say(object{"on": "connecting", "code": e.Code}) })
	client.OnDisconnected(func(e centrifuge.DisconnectedEvent) { say(object{"on": "disconnected", "code": e.Code}) })
	d := &driver{client}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		go func() {
			result, err := d.do(c)
			if err != nil {
				say(object{"reply": c.Ref, "error": codeOf(err)})
			} else {
				say(object{"reply": c.Ref, "result": result})
			}
		}()
	}
}
