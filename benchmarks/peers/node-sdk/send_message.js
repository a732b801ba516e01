// sendmessage as the Node samples have it: scan the table, post to everyone at once. Unlike them it reads every page,
// and recognises a connection that has gone.
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, DeleteCommand, ScanCommand } = require("@aws-sdk/lib-dynamodb");

const TableName = process.env.CONNECTIONS_TABLE;
const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const management = new ApiGatewayManagementApiClient({ endpoint: process.env.MANAGEMENT_ENDPOINT });

const members = async () => {
  const ids = [];
  let ExclusiveStartKey;
  do {
    const page = await table.send(
      new ScanCommand({ TableName, ProjectionExpression: "connectionId", ExclusiveStartKey }),
    );
    ids.push(...page.Items.map((item) => item.connectionId));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return ids;
};

const post = async (ConnectionId, Data) => {
  try {
    await management.send(new PostToConnectionCommand({ ConnectionId, Data }));
  } catch (error) {
    if (error.name !== "GoneException") throw error;
    await table.send(new DeleteCommand({ TableName, Key: { connectionId: ConnectionId } }));
  }
};

exports.handler = async (event) => {
  const { data } = JSON.parse(event.body);
  const ids = await members();
  await Promise.all(ids.map((id) => post(id, data)));
  return { statusCode: 200 };
};

exports.read = async () => {
  await members();
  return { statusCode: 200 };
};
